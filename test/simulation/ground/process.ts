/** A process of the simulated cluster: whatever happens to it passes here, in order; not while it is frozen, never once it is dead. */
import type { Clock } from '../../../server/base/clock.ts'
import type { Random as Identities } from '../../../server/base/random.ts'
import type { Random } from '../../campaigns/random.ts'
import { TURN_MS, type VirtualTime } from './time.ts'

/** When the simulated world began, by a clock that is right. */
export const EPOCH = Date.UTC(2030, 0, 1)
/** Clocks of good machines: parts of a second per second that they are fast or slow. */
const DRIFT = 1e-4

export class Process {
  readonly name: string
  readonly time: VirtualTime
  /** Its own: nothing that others draw changes what it draws. */
  readonly choices: Random
  isDead = false
  isFrozen = false
  /** Milliseconds that its wall clock is ahead. */
  skew: number
  readonly #waiting: (() => void)[] = []
  readonly #start: number
  readonly #rate: number

  constructor(name: string, time: VirtualTime, choices: Random, skew = 0) {
    this.name = name
    this.time = time
    this.choices = choices
    this.skew = skew
    this.#start = choices.below(1e9) - time.now
    this.#rate = 1 + DRIFT * (2 * choices.next() - 1)
  }

  readonly clock: Clock = {
    now: () => Math.floor(EPOCH + this.time.now + this.skew),
    monotonic: () => (this.#start + this.time.now) * this.#rate,
    after: (ms, task) => {
      let cancelled = false
      const cancel = this.time.after(ms / this.#rate, () => this.event(() => cancelled || task()))
      return () => {
        cancelled = true
        cancel()
      }
    },
    soon: task => void this.time.after(TURN_MS, () => this.event(task)),
  }

  readonly identities: Identities = {
    uuid: () => {
      const hex = Array.from({ length: 8 }, () => this.choices.below(0x10000).toString(16).padStart(4, '0')).join('')
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`
    },
  }

  /** Something happens to it, now or when it thaws. */
  event(happen: () => void): void {
    if (this.isDead) return
    if (this.isFrozen) this.#waiting.push(happen)
    else happen()
  }

  freeze(): void {
    this.isFrozen = true
  }

  thaw(): void {
    this.isFrozen = false
    // One turn of the event loop after the other, as if all had come just now.
    for (const happen of this.#waiting.splice(0)) this.time.after(TURN_MS, () => this.event(happen))
  }

  kill(): void {
    this.isDead = true
    this.#waiting.length = 0
  }
}
