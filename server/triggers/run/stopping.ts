/** The end of what runs: waits end at once, calls under way are given some time. */
import type { Clock } from '../../base/clock.ts'

/** What was being done is left as it is. */
export class Stopped extends Error {
  override name = 'Stopped'
}

export class Stopping {
  readonly #clock: Clock
  readonly #begun = new AbortController()
  readonly #cut = new AbortController()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get isStopped(): boolean {
    return this.#begun.signal.aborted
  }

  /** Of calls under way. */
  get signal(): AbortSignal {
    return this.#cut.signal
  }

  /** Calls under way are cut after `graceMs`. */
  begin(graceMs: number): void {
    this.#begun.abort()
    if (graceMs === 0) this.#cut.abort()
    else this.#clock.after(graceMs, () => this.#cut.abort())
  }

  /** Errors: Stopped. */
  check(): void {
    if (this.isStopped) throw new Stopped()
  }

  /** Errors: Stopped. */
  async wait(ms: number): Promise<void> {
    this.check()
    await new Promise<void>(resolve => {
      const done = () => {
        cancel()
        this.#begun.signal.removeEventListener('abort', done)
        resolve()
      }
      const cancel = this.#clock.after(ms, done)
      this.#begun.signal.addEventListener('abort', done)
    })
    this.check()
  }
}
