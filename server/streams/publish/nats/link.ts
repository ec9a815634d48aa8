/** A connection to NATS that is made as soon as that is possible, and made again whenever it breaks. */
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { type Clock, sleep } from '../../../base/clock.ts'

export type NatsPlace = {
  servers: string[]
  /** Paths of PEM files. */
  tls?: { caFile: string; certFile?: string; keyFile?: string }
}

const CONNECT_TIMEOUT_MS = 5000
const RETRY_MS = 500
const PING_MS = 2000

export class NatsLink {
  readonly #place: NatsPlace
  readonly #clock: Clock
  readonly #opening: Promise<NatsConnection>
  #connection: NatsConnection | undefined
  #closed = false

  constructor(place: NatsPlace, clock: Clock) {
    this.#place = place
    this.#clock = clock
    this.#opening = this.#open()
    this.#opening.catch(() => {})
  }

  /** Undefined until it was made once. */
  get connection(): NatsConnection | undefined {
    return this.#connection
  }

  /** Waits for it. Errors: this was closed before. */
  opened(): Promise<NatsConnection> {
    return this.#opening
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#connection?.close()
  }

  async #open(): Promise<NatsConnection> {
    const { servers, tls } = this.#place
    while (!this.#closed) {
      const options = { timeout: CONNECT_TIMEOUT_MS, reconnectTimeWait: RETRY_MS, pingInterval: PING_MS, maxPingOut: 2 }
      const opened = await connect({ servers, ...(tls && { tls }), ...options, maxReconnectAttempts: -1 }).catch(
        () => {},
      )
      if (opened && this.#closed) await opened.close()
      else if (opened) return (this.#connection = opened)
      await sleep(this.#clock, RETRY_MS)
    }
    throw new Error('the connection to NATS is closed')
  }
}
