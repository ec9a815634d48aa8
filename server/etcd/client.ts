/**
 * A client of an etcd cluster that never hangs: every call has a deadline, and goes to another member when the one it
 * talks to does not answer.
 */
import { noop } from 'cockatiel'
import {
  Etcd3,
  EtcdLeaseInvalidError,
  GRPCFailedPreconditionError,
  GRPCInvalidArgumentError,
  GRPCOutOfRangeError,
} from 'etcd3'

export type EtcdOptions = {
  /** `https://etcd-0:2379`: all of them with TLS, or none. */
  endpoints: string[]
  /** What etcd is trusted by, and with a certificate of one's own, what it trusts. PEM. */
  tls?: { ca: Buffer; certificate?: Buffer; key?: Buffer }
}

/** No member answered as it should. Unless `unsent`, what was asked for may happen all the same. */
export class EtcdUnavailable extends Error {
  override name = 'EtcdUnavailable'
  readonly unsent: boolean

  constructor(message: string, unsent: boolean) {
    super(message)
    this.unsent = unsent
  }
}

const CALL_TIMEOUT_MS = 2000
const PATIENCE_MS = 8000
const RETRY_MS = 50

const CHANNEL = {
  // Not more often: etcd ends connections of clients that ask for signs of life more than once in 5 s.
  'grpc.keepalive_time_ms': 6000,
  'grpc.keepalive_timeout_ms': 2000,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
}

export class EtcdClient {
  readonly #members: Etcd3[]
  readonly #moved = new Set<() => void>()
  #at: number
  #closed = false

  constructor({ endpoints, tls }: EtcdOptions) {
    const credentials = tls && { rootCertificate: tls.ca, certChain: tls.certificate, privateKey: tls.key }
    this.#members = endpoints.map(
      hosts =>
        new Etcd3({
          hosts,
          credentials,
          grpcOptions: CHANNEL,
          // Its own retries would repeat what must not be repeated.
          faultHandling: { host: () => noop, global: noop },
          defaultCallOptions: ({ isStream }) => (isStream ? {} : { deadline: Date.now() + CALL_TIMEOUT_MS }),
        }),
    )
    // Not all clients to the same member.
    this.#at = Math.floor(Math.random() * endpoints.length)
  }

  /** The member to talk to for now. */
  get member(): Etcd3 {
    return this.#members[this.#at]!
  }

  /** Asks once. Errors: EtcdUnavailable; what etcd has to say against it. */
  async once<T>(ask: (member: Etcd3) => Promise<T>): Promise<T> {
    const { member } = this
    if (this.#closed) throw new EtcdUnavailable('the client of etcd is closed', true)
    try {
      return await ask(member)
    } catch (error) {
      if (isAnswer(error)) throw error
      this.moveFrom(member)
      const { message } = error as Error
      throw new EtcdUnavailable(
        `etcd does not answer: ${message}`,
        /No connection established|ECONNREFUSED/.test(message),
      )
    }
  }

  /** Asks, of one member after the other, until there is an answer: for what may be done twice. Errors: as `once`. */
  async repeat<T>(ask: (member: Etcd3) => Promise<T>, patienceMs = PATIENCE_MS): Promise<T> {
    const end = performance.now() + patienceMs
    while (true) {
      try {
        return await this.once(ask)
      } catch (error) {
        if (!(error instanceof EtcdUnavailable) || this.#closed || performance.now() > end) throw error
        await new Promise(resolve => setTimeout(resolve, RETRY_MS))
      }
    }
  }

  /** The member does not do what it should: the next calls go to another one, and so should streams. */
  moveFrom(member: Etcd3): void {
    if (member !== this.member || this.#closed) return
    this.#at = (this.#at + 1) % this.#members.length
    for (const listener of [...this.#moved]) listener()
  }

  /** `listener` is called whenever `member` becomes another one. Returns a function that ends that. */
  onMove(listener: () => void): () => void {
    this.#moved.add(listener)
    return () => this.#moved.delete(listener)
  }

  close(): void {
    this.#closed = true
    this.#moved.clear()
    for (const member of this.#members) member.close()
  }
}

/** Etcd itself refuses: it would do so everywhere, and has changed nothing. */
function isAnswer(error: unknown): boolean {
  return [EtcdLeaseInvalidError, GRPCInvalidArgumentError, GRPCFailedPreconditionError, GRPCOutOfRangeError].some(
    kind => error instanceof kind,
  )
}
