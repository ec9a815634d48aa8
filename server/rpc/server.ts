/** Answers other processes' calls of the partitions that are here. */
import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { OperatorError } from '../base/failure.ts'
import { PROTOCOL } from './frames.ts'
import { LIMITS, type Limits } from './limits.ts'
import { Sendings } from './sendings.ts'
import { ServedConnection, type ServedPorts } from './served.ts'
import { type Tls, tlsOptions } from './tls.ts'

const KEEP_ALIVE_MS = 10_000
const PATIENCE_MS = 5000
/** Strangers may try again and again. */
const TELL_MS = 10_000

export type RpcServerOptions = Omit<ServedPorts, 'limits' | 'sendings'> & {
  host: string
  /** 0 for any that is free. */
  port: number
  tls: Tls | undefined
  limits?: Limits
}

export type RpcServer = {
  /** `http://127.0.0.1:9101`: where it listens. */
  address: string
  /** How many other processes are connected. */
  connections(): number
  /** Answers what was asked, as far as that takes no longer than some seconds, and asks no more. */
  close(): Promise<void>
}

/** Errors: OperatorError if it can't listen there. */
export async function startRpcServer({ host, port, tls, ...options }: RpcServerOptions): Promise<RpcServer> {
  const sendings = new Sendings(options.clock)
  const ports: ServedPorts = { limits: LIMITS, sendings, ...options }
  const connections = new Map<Socket, ServedConnection>()
  const server = createServer(tls)
  server.on('request', (_request, response) => {
    response.writeHead(426, { Connection: 'Upgrade', Upgrade: PROTOCOL }).end(`This is for Tavola's own processes.\n`)
  })
  server.on('upgrade', (request: IncomingMessage, duplex: Duplex, head: Buffer) => {
    const socket = duplex as Socket
    socket.on('error', error => ports.logger.debug({ err: error }, 'a connection of another process failed'))
    if (request.headers.upgrade !== PROTOCOL) return void socket.end('HTTP/1.1 426 Upgrade Required\r\n\r\n')
    socket.setNoDelay(true)
    socket.setKeepAlive(true, KEEP_ALIVE_MS)
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${PROTOCOL}\r\n\r\n`)
    socket.once('close', () => connections.delete(socket))
    connections.set(socket, new ServedConnection(ports, socket, head))
  })
  let told = Number.NEGATIVE_INFINITY
  server.on('tlsClientError', (error: Error, { remoteAddress: peer }: Socket) => {
    if (ports.clock.monotonic() - told < TELL_MS) return
    told = ports.clock.monotonic()
    ports.logger.error(
      { err: error, peer },
      'another process has no certificate that --tls-ca here has signed, or does not trust ours',
    )
  })
  await listening(server, host, port)
  const address = addressOf(server, tls !== undefined)
  const end = async () => {
    await close(server, connections)
    sendings.closeAll()
  }
  return { address, connections: () => connections.size, close: end }
}

// As in http/server.ts: an `import` of these modules would load more.
function createServer(tls: Tls | undefined): Server {
  if (!tls) return process.getBuiltinModule('node:http').createServer()
  const options = { ...tlsOptions(tls), requestCert: true, rejectUnauthorized: true }
  return process.getBuiltinModule('node:https').createServer(options)
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', error =>
      reject(new OperatorError(`Cannot listen for other nodes on ${host} port ${port}: ${error.message}.`)),
    )
    server.listen(port, host, resolve)
  })
}

function addressOf(server: Server, isSecure: boolean): string {
  const { address, family, port } = server.address() as AddressInfo
  return `${isSecure ? 'https' : 'http'}://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

async function close(server: Server, connections: Map<Socket, ServedConnection>): Promise<void> {
  const closed = new Promise<void>(resolve => server.close(() => resolve()))
  const deadline = setTimeout(() => {
    for (const socket of connections.keys()) socket.destroy()
  }, PATIENCE_MS)
  await Promise.race([Promise.all([...connections.values()].map(connection => connection.close())), closed])
  server.closeAllConnections()
  await closed
  clearTimeout(deadline)
}
