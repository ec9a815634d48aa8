/**
 * Questions that may be asked twice: what one replica has not answered for a while is asked of another one as well, and the first
 * answer counts. One timer looks after all of them.
 */
import type { Clock } from '../base/clock.ts'

/** Far beyond what an answer takes, far below what a request may. */
const PATIENCE_MS = 200
const LOOK_MS = 50

type Waiting = { since: number; isOver: boolean; giveUp(): void }

export class Hedge {
  readonly #clock: Clock
  /** Oldest first. */
  #waiting: Waiting[] = []
  #looking = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** What `first` becomes; what `second` does, if `first` fails, or says nothing for too long. */
  ask<T>(first: Promise<T>, second: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        if (waiting.isOver) return
        waiting.isOver = true
        second().then(resolve, reject)
      }
      const waiting = { since: this.#clock.monotonic(), isOver: false, giveUp }
      first.then(answer => {
        waiting.isOver = true
        resolve(answer)
      }, giveUp)
      this.#waiting.push(waiting)
      this.#look()
    })
  }

  #look(): void {
    if (this.#looking) return
    this.#looking = true
    this.#clock.after(LOOK_MS, () => {
      this.#looking = false
      const since = this.#clock.monotonic() - PATIENCE_MS
      const due = this.#waiting.findIndex(waiting => !waiting.isOver && waiting.since > since)
      for (const waiting of this.#waiting.splice(0, due < 0 ? this.#waiting.length : due)) waiting.giveUp()
      if (this.#waiting.length > 0) this.#look()
    })
  }
}
