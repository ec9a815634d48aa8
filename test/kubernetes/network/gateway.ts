/** A way into the cluster's network from outside of it: a socket in the file system, which no network namespace hides. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { join } from './services.ts'

/** Inside: connections that begin with a line `host:port` go on to there. */
export async function openGateway(path: string): Promise<void> {
  const server = createServer(socket => {
    socket.on('error', () => {})
    socket.once('readable', () => {
      const head = (socket.read() as Buffer | null) ?? Buffer.alloc(0)
      const end = head.indexOf('\n')
      const [host, port] = head.toString('latin1', 0, end).split(':')
      socket.unshift(head.subarray(end + 1))
      join(socket, connect(Number(port), host))
    })
  })
  server.listen(path)
  await once(server, 'listening')
}

export type Forward = { port: number; close(): void }

/** Outside: a port of 127.0.0.1 that leads to `place()`, `host:port`, asked for each connection. */
export async function forward(path: string, place: () => string | Promise<string>): Promise<Forward> {
  const sockets = new Set<Socket>()
  const server: Server = createServer(async socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
    try {
      const inside = connect(path)
      inside.write(`${await place()}\n`)
      join(socket, inside)
    } catch {
      socket.resetAndDestroy()
    }
  })
  server.listen(0, '127.0.0.1').unref()
  await once(server, 'listening')
  const close = () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  return { port: (server.address() as AddressInfo).port, close }
}
