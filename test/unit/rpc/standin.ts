/** Leaders and servers that do what a test wants of them. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { ExecutionContext } from 'ava'
import type { WholeLeader } from '../../../server/cluster/leaders.ts'
import type { WriteCommand } from '../../../server/partition/command.ts'
import { PROTOCOL } from '../../../server/rpc/frames.ts'
import type { StorageNode } from '../../../server/rpc/method.ts'
import { item, put } from '../partition/given.ts'

export const PUT: WriteCommand = put(item('a', 1))
export const KEY = PUT.key

/** Reads find nothing at once; writes wait until they are told what came of them. */
export type Standin = WholeLeader & {
  written: number
  /** Of the oldest write that waits. */
  finish(error?: Error): void
}

export function standin(): Standin {
  const waiting: ((error?: Error) => void)[] = []
  const leader = {
    written: 0,
    finish: (error?: Error) => waiting.shift()?.(error),
    get: () => undefined,
    write() {
      leader.written += 1
      return new Promise((resolve, reject) => {
        waiting.push(error => (error ? reject(error) : resolve({ units: { table: 1, indexes: {} } })))
      })
    },
  }
  return leader as unknown as Standin
}

/** Leads the partition `p`, and nothing else. */
export function nodeWith(leader: WholeLeader | undefined): StorageNode {
  return {
    leader: partition => (partition === 'p' ? leader : undefined),
    replica: () => undefined,
    standings: () => new Map(),
    report: () => [],
    snapshot: () => {
      throw new Error('it is not here')
    },
    chain: () => undefined,
    digest: async () => {
      throw new Error('it is not here')
    },
    distrust: async () => {},
    succeed: async () => {
      throw new Error('it is not here')
    },
    successor: () => undefined,
    expect: () => {},
    arrival: () => undefined,
  }
}

export type Listener = {
  address: string
  port: number
  /** What it was sent, on all connections. */
  received: Buffer[]
  close(): Promise<void>
}

/** Listens, and has `handle` answer; it ends with the test. */
export async function listen(t: ExecutionContext, handle: (socket: Socket) => void): Promise<Listener> {
  const received: Buffer[] = []
  const sockets = new Set<Socket>()
  const server: Server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', chunk => received.push(chunk))
    handle(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const close = async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise(resolve => server.close(resolve))
  }
  t.teardown(close)
  return { address: `http://127.0.0.1:${port}`, port, received, close }
}

/** Answers the upgrade as a storage node does, and then nothing but what `then` sends. */
export function upgraded(then: (socket: Socket) => void): (socket: Socket) => void {
  return socket => {
    socket.once('data', () => {
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${PROTOCOL}\r\n\r\n`)
      then(socket)
    })
  }
}
