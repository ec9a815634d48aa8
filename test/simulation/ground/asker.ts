/** One process's connections to others: as `RpcClient`, but that the simulated network makes them. */
import type { Socket } from 'node:net'
import type { Logger } from '../../../server/base/logger.ts'
import { untraced } from '../../../server/base/tracer.ts'
import type { Asker } from '../../../server/rpc/client.ts'
import { Connection } from '../../../server/rpc/connection.ts'
import { LIMITS } from '../../../server/rpc/limits.ts'
import type { StorageNode } from '../../../server/rpc/method.ts'
import { Sendings } from '../../../server/rpc/sendings.ts'
import { ServedConnection } from '../../../server/rpc/served.ts'
import type { Network } from './network.ts'
import type { Process } from './process.ts'

/** As in rpc/client.ts. */
const REST_MS = 100
const NOTHING = Buffer.alloc(0)

/** `asked`: is kept up to date with what is being asked, by address. */
export function askerOf(process: Process, network: Network, asked: Map<string, string[]>): Asker {
  const { clock } = process
  const ports = { limits: LIMITS, clock, tracer: untraced }
  const connections = new Map<string, Connection>()
  const unreachable = new Map<string, number>()
  const connect = (address: string) => {
    const connection = new Connection(ports, address)
    if (clock.monotonic() - (unreachable.get(address) ?? Number.NEGATIVE_INFINITY) < REST_MS) {
      connection.close('it could not be reached just now')
      return connection
    }
    connections.set(address, connection)
    const failed = (error: Error) => {
      cancel()
      unreachable.set(address, clock.monotonic())
      connection.close(error.message)
    }
    const cancel = clock.after(LIMITS.connectMs, () => failed(new Error('it does not answer')))
    const connected = (socket: Socket) => {
      cancel()
      unreachable.delete(address)
      connection.open(socket, NOTHING)
    }
    network.dial(process, address, connected, failed)
    return connection
  }
  return {
    ask(address, method, partition, question) {
      let connection = connections.get(address)
      if (!connection || connection.closed) connection = connect(address)
      const list = asked.get(address) ?? []
      asked.set(address, list)
      list.push(method.name)
      const answered = connection.ask(method, partition, question)
      const over = () => void list.splice(list.indexOf(method.name), 1)
      answered.then(over, over)
      return answered
    },
    isSlow: () => false,
  }
}

/** Answers others' calls, as `startRpcServer` does. Returns a function that closes it. */
export function answer(
  process: Process,
  network: Network,
  address: string,
  node: StorageNode,
  logger: Logger,
): () => void {
  const { clock } = process
  const sendings = new Sendings(clock)
  const ports = { node, sendings, limits: LIMITS, clock, tracer: untraced, logger }
  const connections = new Set<ServedConnection>()
  network.listen(address, process, socket => {
    const connection = new ServedConnection(ports, socket, NOTHING)
    connections.add(connection)
    socket.once('close', () => connections.delete(connection))
  })
  return () => {
    network.unlisten(address, process)
    for (const connection of connections) void connection.close()
    sendings.closeAll()
  }
}
