/** A partition that another node is about to give to this one: who asks for it here meanwhile waits, for there is nobody better to ask. */
import type { Clock } from '../../base/clock.ts'

/** Longer than a handover may take. */
const PATIENCE_MS = 5000

export class Arrival {
  #under: PromiseWithResolvers<void> | undefined
  #cancel = () => {}

  /** Resolves once it is led here, or is not going to be; undefined if it is not expected. */
  get over(): Promise<void> | undefined {
    return this.#under?.promise
  }

  begin(clock: Clock): void {
    this.end()
    this.#under = Promise.withResolvers()
    this.#cancel = clock.after(PATIENCE_MS, () => this.end())
  }

  end(): void {
    this.#cancel()
    this.#under?.resolve()
    this.#under = undefined
  }
}
