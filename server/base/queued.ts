/**
 * One question for all who ask at once, that none is answered by what was asked before it came: whoever comes while the question is
 * under way shares the next one.
 */
export class Queued<T> {
  readonly #ask: () => Promise<T>
  #under: Promise<T> | undefined
  #next: Promise<T> | undefined

  constructor(ask: () => Promise<T>) {
    this.#ask = ask
  }

  /** Nobody waits. */
  get isIdle(): boolean {
    return this.#under === undefined && this.#next === undefined
  }

  /** Errors: those of the question. */
  ask(): Promise<T> {
    if (this.#under === undefined) return this.#begin()
    this.#next ??= this.#under
      .catch(() => {})
      .then(() => {
        this.#next = undefined
        return this.#begin()
      })
    return this.#next
  }

  #begin(): Promise<T> {
    const asked = this.#ask().finally(() => {
      if (this.#under === asked) this.#under = undefined
    })
    this.#under = asked
    return asked
  }
}
