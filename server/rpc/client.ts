/** Connections to other processes: one to each address, made when it is needed, and again when it is lost. */

import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { PeerCertificate } from 'node:tls'
import type { Logger } from '../base/logger.ts'
import { Connection, type ConnectionPorts } from './connection.ts'
import { PROTOCOL } from './frames.ts'
import { LIMITS, type Limits } from './limits.ts'
import type { Method } from './method.ts'
import { checkIdentity, type Tls, tlsOptions } from './tls.ts'

const KEEP_ALIVE_MS = 10_000
/** One that has said nothing for so long, while it was asked something, may be slow to answer. */
const SLOW_MS = 200
/** The same of one that could not be reached before. */
const AWAY_MS = 1000
/** After an attempt in vain, calls fail for so long without another one. */
const REST_MS = 100

export type RpcClientOptions = Omit<ConnectionPorts, 'limits'> & {
  tls: Tls | undefined
  logger: Logger
  limits?: Limits
}

/** Whatever carries a question to another process: `RpcClient`, as a rule. */
export type Asker = Pick<RpcClient, 'ask' | 'isSlow'>

export class RpcClient {
  readonly #ports: ConnectionPorts & { tls: Tls | undefined; logger: Logger }
  readonly #connections = new Map<string, Connection>()
  /** Of addresses that could not be reached: since when. */
  readonly #unreachable = new Map<string, number>()
  /** Addresses whose certificates, or ours, have been complained of. */
  readonly #distrusted = new Set<string>()
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

  /** Whether it makes sense to ask somebody else, who can answer as well. */
  isSlow(address: string): boolean {
    if (this.#unreachable.size > 0 && this.#isSince(address, AWAY_MS)) return true
    return (this.#connections.get(address)?.silence ?? 0) > SLOW_MS
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

  /** Processes come and go; one whose certificate is not trusted, or that does not trust ours, stays away until a person looks. */
  #tell(address: string, error: Error): void {
    const { logger } = this.#ports
    const isTrust = address.startsWith('https:') && isTrustFailure(error)
    if (isTrust && !this.#distrusted.has(address)) {
      this.#distrusted.add(address)
      logger.error(
        { err: error, address },
        'another process does not trust the certificate of this one, or the other way round: see --tls-ca, --tls-cert and --tls-key of both',
      )
    } else logger.debug({ err: error, address }, 'another process cannot be reached')
  }

  /** Whether it could not be reached so recently. */
  #isSince(address: string, ms: number): boolean {
    return this.#ports.clock.monotonic() - (this.#unreachable.get(address) ?? Number.NEGATIVE_INFINITY) < ms
  }

  #connect(address: string): Connection {
    const { clock, limits } = this.#ports
    const connection = new Connection(this.#ports, address)
    if (this.#closed || this.#isSince(address, REST_MS)) {
      connection.close('it could not be reached just now')
      return connection
    }
    this.#connections.set(address, connection)
    const failed = (error: Error) => {
      this.#tell(address, error)
      this.#unreachable.set(address, clock.monotonic())
      connection.close(error.message)
    }
    const request = upgrade(address, this.#ports.tls)
    const cancel = clock.after(limits.connectMs, () => request.destroy(new Error('it does not answer')))
    request.once('upgrade', (_response: IncomingMessage, socket: Socket, head: Buffer) => {
      cancel()
      this.#unreachable.delete(address)
      this.#distrusted.delete(address)
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

function isTrustFailure({ code = '', message }: NodeJS.ErrnoException): boolean {
  return /CERT|TLS|SSL|SIGNATURE|ISSUER|EPROTO/.test(code) || /alert|certificate/i.test(message)
}

function upgrade(address: string, tls: Tls | undefined): ClientRequest {
  const headers = { Connection: 'Upgrade', Upgrade: PROTOCOL }
  if (!address.startsWith('https:')) return process.getBuiltinModule('node:http').request(address, { headers })
  const secured = tls && {
    ...tlsOptions(tls),
    checkServerIdentity: (host: string, peer: PeerCertificate) => checkIdentity(tls, host, peer),
  }
  const options = { headers, agent: false, ...secured }
  return process.getBuiltinModule('node:https').request(address, options)
}
