/** What is to be done, one after the other, and at most one thing that is to be done later. */
import type { Clock } from '../../base/clock.ts'

export class Tasks {
  readonly #clock: Clock
  readonly #failed: (error: Error) => unknown
  #last: Promise<void> = Promise.resolve()
  #cancel = () => {}

  /** `failed` is called, in place, with what a task throws. */
  constructor(clock: Clock, failed: (error: Error) => unknown) {
    this.#clock = clock
    this.#failed = failed
  }

  /** Resolves when what there is to do now is done. */
  get settled(): Promise<void> {
    return this.#last
  }

  /** Resolves when it is done, or has failed. */
  add(work: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(work).catch(async error => void (await this.#failed(error)))
    return this.#last
  }

  /** Calls `what` in so many milliseconds, instead of what was to be called. */
  later(ms: number, what: () => void): void {
    this.#cancel()
    this.#cancel = this.#clock.after(ms, what)
  }

  /** Nothing is to be done later any more. */
  cancel(): void {
    this.#cancel()
  }
}
