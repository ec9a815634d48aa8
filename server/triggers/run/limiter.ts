/** How many invocations of a trigger are under way at once, and are begun within a second. */
import type { Clock } from '../../base/clock.ts'

export type Rates = { concurrency?: number; perSecond?: number }

export class Limiter {
  readonly #rates: () => Rates
  readonly #clock: Clock
  readonly #waiting: (() => void)[] = []
  #running = 0
  /** Of the monotonic clock: when the next invocation may begin. */
  #next = 0

  /** `rates` may change. */
  constructor(rates: () => Rates, clock: Clock) {
    this.#rates = rates
    this.#clock = clock
  }

  /** Resolves when an invocation may begin, with what is to be called when it has ended. */
  async enter(wait: (ms: number) => Promise<void>): Promise<() => void> {
    const { concurrency = Number.POSITIVE_INFINITY } = this.#rates()
    while (this.#running >= concurrency) await this.#freed(wait)
    this.#running += 1
    let isOver = false
    const leave = () => {
      if (isOver) return
      isOver = true
      this.#running -= 1
      this.#waiting.shift()?.()
    }
    try {
      await this.#turn(wait)
      return leave
    } catch (error) {
      leave()
      throw error
    }
  }

  async #turn(wait: (ms: number) => Promise<void>): Promise<void> {
    const { perSecond } = this.#rates()
    if (perSecond === undefined) return
    const now = this.#clock.monotonic()
    const begin = Math.max(now, this.#next)
    this.#next = begin + 1000 / perSecond
    if (begin > now) await wait(begin - now)
  }

  /** Who waits looks now and then by itself, too: somebody before it may have given up. */
  async #freed(wait: (ms: number) => Promise<void>): Promise<void> {
    await Promise.race([new Promise<void>(resolve => this.#waiting.push(resolve)), wait(100)])
  }
}
