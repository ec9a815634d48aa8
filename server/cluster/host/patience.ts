/** How long a replica lets others go first, when nobody leads its partition. */
import type { Clock } from '../../base/clock.ts'

/** Between one replica and the next in the record's order. */
const RANK_MS = 150
/** For one that was named by the leader that left. */
const NAMED_MS = 1000
/** For one that has to apply so many entries first. */
const FAR_BEHIND = 1000
const BEHIND_MS = 1500

export class Patience {
  readonly #node: string
  readonly #clock: Clock
  /** When this node may take the key, in the clock's monotonic milliseconds; undefined while it is not free. */
  #due: number | undefined
  #restUntil = 0

  constructor(node: string, clock: Clock) {
    this.#node = node
    this.#clock = clock
  }

  /** Leads nothing for a while, so that others can. */
  rest(ms: number): void {
    this.#restUntil = this.#clock.monotonic() + ms
    this.#due = undefined
  }

  get isResting(): boolean {
    return this.restMs > 0
  }

  get restMs(): number {
    return Math.max(0, this.#restUntil - this.#clock.monotonic())
  }

  /** Somebody leads. */
  reset(): void {
    this.#due = undefined
  }

  /** Milliseconds to wait until the free key may be taken. `lag`: entries to apply; `next`: who was named. */
  of(replicas: string[], lag: number, next: string | undefined): number {
    const now = this.#clock.monotonic()
    this.#due ??= now + this.#wait(replicas, lag, next)
    return Math.max(0, this.#due - now, this.restMs)
  }

  #wait(replicas: string[], lag: number, next: string | undefined): number {
    if (next === this.#node) return 0
    const isNamed = next !== undefined && replicas.includes(next)
    return replicas.indexOf(this.#node) * RANK_MS + (isNamed ? NAMED_MS : 0) + (lag > FAR_BEHIND ? BEHIND_MS : 0)
  }
}
