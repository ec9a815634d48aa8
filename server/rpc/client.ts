/** Connections to other processes: one to each address, made when it is needed, and again when it is lost. */
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Logger } from '../base/logger.ts'
import { Connection, type ConnectionPorts } from './connection.ts'
import { PROTOCOL } from './frames.ts'
import { LIMITS, type Limits } from './limits.ts'
import type { Method } from './method.ts'
import { type Tls, tlsOptions } from './tls.ts'

const KEEP_ALIVE_MS = 10_000
/** After an attempt in vain, calls fail for so long without another one. */
const REST_MS = 100

export type RpcClientOptions = Omit<ConnectionPorts, 'limits'> & {
  tls: Tls | undefined
  logger: Logger
  limits?: Limits
}

/** Whatever carries a question to another process: `RpcClient`, as a rule. */
export type Asker = Pick<RpcClient, 'ask'>

export class RpcClient {
  readonly #ports: ConnectionPorts & { tls: Tls | undefined; logger: Logger }
  readonly #connections = new Map<string, Connection>()
  /** Of addresses that could not be reached: since when. */
  readonly #unreachable = new Map<string, number>()
  #closed = false

  constructor({ limits = LIMITS, ...options }: RpcClientOptions) {
    this.#ports = { ...options, limits }
  }

  /** Calls without an answer yet. */
  get calls(): number {
    let sum = 0
    for (const { calls } of this.#connections.values()) sum += calls
    return sum
  }

  /** See Connection. `address`: `http://host:port`, or `https:`. */
  ask<A, R>(address: string, method: Method<A, R>, partition: string, question: A): Promise<R> {
    let connection = this.#connections.get(address)
    if (!connection || connection.closed) connection = this.#connect(address)
    return connection.ask(method, partition, question)
  }

  /** Calls under way fail, and all later ones. */
  close(): void {
    this.#closed = true
    for (const connection of this.#connections.values()) connection.close('this process is closing')
  }

  #connect(address: string): Connection {
    const { clock, limits } = this.#ports
    const connection = new Connection(this.#ports, address)
    const isResting = clock.monotonic() - (this.#unreachable.get(address) ?? Number.NEGATIVE_INFINITY) < REST_MS
    if (this.#closed || isResting) {
      connection.close('it could not be reached just now')
      return connection
    }
    this.#connections.set(address, connection)
    const failed = (error: Error) => {
      this.#ports.logger.debug({ err: error, address }, 'another process cannot be reached')
      this.#unreachable.set(address, clock.monotonic())
      connection.close(error.message)
    }
    const request = upgrade(address, this.#ports.tls)
    const cancel = clock.after(limits.connectMs, () => request.destroy(new Error('it does not answer')))
    request.once('upgrade', (_response: IncomingMessage, socket: Socket, head: Buffer) => {
      cancel()
      this.#unreachable.delete(address)
      socket.setNoDelay(true)
      socket.setKeepAlive(true, KEEP_ALIVE_MS)
      connection.open(socket, head)
    })
    request.once('response', response => {
      cancel()
      response.destroy()
      failed(new Error(`it answers ${response.statusCode}, and is no storage node of this version of Tavola`))
    })
    request.on('error', error => {
      cancel()
      failed(error)
    })
    request.end()
    return connection
  }
}

function upgrade(address: string, tls: Tls | undefined): ClientRequest {
  const headers = { Connection: 'Upgrade', Upgrade: PROTOCOL }
  if (!address.startsWith('https:')) return process.getBuiltinModule('node:http').request(address, { headers })
  const options = { headers, agent: false, ...(tls && tlsOptions(tls)) }
  return process.getBuiltinModule('node:https').request(address, options)
}
