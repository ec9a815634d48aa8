/**
 * A lease in etcd, kept alive from here. Its holder counts from before it asked for the last renewal, so that it knows the
 * lease to be over before etcd does, whatever happens to the connection.
 */
import type { Clock } from '../../base/clock.ts'
import { sleep } from '../../base/clock.ts'
import type { EtcdClient } from '../../etcd/client.ts'
import type { Lease } from '../metadata.ts'

/** Of one that fails, there is still time for others; nine tenths of the lease are left, at least, when etcd loses its leader. */
const RENEWALS_PER_LIFE = 10
const RENEWAL_TIMEOUT_MS = 1000
const RETRY_MS = 50

export class EtcdLease implements Lease {
  readonly id: string
  readonly #client: EtcdClient
  readonly #clock: Clock
  readonly #lost = new AbortController()
  #validUntil: number

  /**
   * `seconds`: how long it outlives its last renewal. Less than etcd takes to elect a leader, twice its election timeout, and
   * every election ends it. Errors: EtcdUnavailable.
   */
  static async grant(client: EtcdClient, clock: Clock, seconds: number): Promise<EtcdLease> {
    const { id, validUntil } = await client.repeat(async member => {
      const before = clock.monotonic()
      const { ID, TTL } = await member.leaseClient.leaseGrant({ TTL: seconds })
      return { id: ID, validUntil: before + Number(TTL) * 1000 }
    })
    const lease = new EtcdLease(id, client, clock, validUntil)
    void lease.#keep(((validUntil - clock.monotonic()) / RENEWALS_PER_LIFE) | 0)
    lease.#watchTime()
    return lease
  }

  private constructor(id: string, client: EtcdClient, clock: Clock, validUntil: number) {
    this.id = id
    this.#client = client
    this.#clock = clock
    this.#validUntil = validUntil
  }

  get lost(): AbortSignal {
    return this.#lost.signal
  }

  validUntil(): number {
    return this.#lost.signal.aborted ? 0 : this.#validUntil
  }

  async revoke(): Promise<void> {
    this.#lost.abort()
    await this.#client.repeat(member =>
      // It is over already if etcd does not know it.
      member.leaseClient.leaseRevoke({ ID: this.id }).catch(error => {
        if (error.name !== 'EtcdLeaseInvalidError' && !/lease not found/.test(error.message)) throw error
      }),
    )
  }

  async #keep(everyMs: number): Promise<void> {
    while (!this.#lost.signal.aborted) {
      await sleep(this.#clock, everyMs)
      while (!this.#lost.signal.aborted && !(await this.#renew())) await sleep(this.#clock, RETRY_MS)
    }
  }

  /** @returns whether etcd has answered */
  async #renew(): Promise<boolean> {
    const before = this.#clock.monotonic()
    try {
      const seconds = await this.#client.once(() => this.#ask())
      if (seconds <= 0) this.#lost.abort()
      else this.#validUntil = Math.max(this.#validUntil, before + seconds * 1000)
      return true
    } catch {
      return false
    }
  }

  /** Asks for one renewal, on a stream of its own. @returns the seconds that it lives from now on */
  async #ask(): Promise<number> {
    const stream = await this.#client.member.leaseClient.leaseKeepAlive({ deadline: Date.now() + RENEWAL_TIMEOUT_MS })
    try {
      return await new Promise<number>((resolve, reject) => {
        stream.on('data', ({ TTL }) => resolve(Number(TTL)))
        stream.on('error', reject)
        stream.on('end', () => reject(new Error('the stream ended')))
        stream.write({ ID: this.id })
      })
    } finally {
      stream.end()
    }
  }

  /** Aborts `lost` in time, even if nothing is heard from etcd any more. */
  #watchTime(): void {
    const rest = this.#validUntil - this.#clock.monotonic()
    if (this.#lost.signal.aborted) return
    if (rest <= 0) this.#lost.abort()
    else this.#clock.after(rest, () => this.#watchTime())
  }
}
