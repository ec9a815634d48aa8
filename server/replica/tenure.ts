/**
 * For how long a leader may answer for what nobody has asked the log about.
 *
 * INV-R7  An answer that rests on reading (a strong read, a refusal, a change that changes nothing) is given only while the
 *         node's lease, by its own monotonic clock counted from before the last renewal, has not run out: until then nobody
 *         else can lead. The clock is read after the request came in, in the same turn as the rows or after them, so that a
 *         process that was frozen in between finds out.
 */
import type { Clock } from '../base/clock.ts'
import type { Lease } from '../metadata/metadata.ts'
import { NotLeading } from './pipeline.ts'

export class Tenure {
  readonly #lease: Pick<Lease, 'validUntil'>
  readonly #clock: Clock
  #over = false

  constructor(lease: Pick<Lease, 'validUntil'>, clock: Clock) {
    this.#lease = lease
    this.#clock = clock
  }

  holds(): boolean {
    if (this.#over) return false
    const until = this.#lease.validUntil()
    // One comparison, where a lease never runs out.
    return until === Number.POSITIVE_INFINITY || this.#clock.monotonic() < until
  }

  /** Errors: NotLeading. */
  check(): void {
    if (!this.holds()) throw new NotLeading('the lease has run out, or was given up')
  }

  end(): void {
    this.#over = true
  }
}
