/** A process of the simulated cluster: whatever happens to it passes here, in order; not while it is frozen, never once it is dead. */
import type { Clock } from '../../../server/base/clock.ts'
import type { Random as Identities } from '../../../server/base/random.ts'
import type { Random } from '../../campaigns/random.ts'
import { TURN_MS, type VirtualTime } from './time.ts'

/** When the simulated world began, by a clock that is right. */
export const EPOCH = Date.UTC(2030, 0, 1)
/** Clocks of good machines: parts of a second per second that they are fast or slow. */
const DRIFT = 1e-4

/** What waits for an event loop: what was put off to the next turn, what arrives, a timer that is due. */
type Kind = 'soon' | 'arrival' | 'timer'

/** A process that sleeps sleeps in the poll of its event loop, as a rule: what has arrived comes before the timers then. */
const ASLEEP = 0.5

export class Process {
  readonly name: string
  readonly time: VirtualTime
  /** Its own: nothing that others draw changes what it draws. */
  readonly choices: Random
  isDead = false
  isFrozen = false
  /** Milliseconds that its timers are late: there is always something that has arrived, and comes first. */
  lateMs = 0
  /** Milliseconds that its wall clock is ahead. */
  skew: number
  readonly #waiting: { happen: () => void; kind: Kind }[] = []
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
      const due = () => this.event(() => cancelled || task(), 'timer')
      let cancel = this.time.after(ms / this.#rate, () => {
        if (this.lateMs === 0) due()
        else cancel = this.time.after(this.lateMs, due)
      })
      return () => {
        cancelled = true
        cancel()
      }
    },
    soon: task => void this.time.after(TURN_MS, () => this.event(task, 'soon')),
  }

  readonly identities: Identities = {
    uuid: () => {
      const hex = Array.from({ length: 8 }, () => this.choices.below(0x10000).toString(16).padStart(4, '0')).join('')
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`
    },
  }

  /** Something happens to it, now or when it thaws. */
  event(happen: () => void, kind: Kind = 'arrival'): void {
    if (this.isDead) return
    if (this.isFrozen) this.#waiting.push({ happen, kind })
    else happen()
  }

  freeze(): void {
    this.isFrozen = true
  }

  /** Whatever came meanwhile happens now, each kind of it in one phase of the event loop. */
  thaw(): void {
    this.isFrozen = false
    const phases: Kind[] = ['soon', 'arrival', 'timer']
    if (!this.choices.chance(ASLEEP)) phases.push(...phases.splice(1, 1))
    const waiting = Map.groupBy(this.#waiting.splice(0), ({ kind }) => kind)
    for (const [place, kind] of phases.entries())
      for (const { happen } of waiting.get(kind) ?? [])
        this.time.after((2 * place + 1) * TURN_MS, () => this.event(happen, kind))
  }

  kill(): void {
    this.isDead = true
    this.#waiting.length = 0
  }
}
