/**
 * By which traced requests the last changes were made, for whoever passes changes on. Only this leader knows, and only for a
 * while: what follows from a change soon afterwards is a part of the request's trace, the change itself is none.
 */

/** As many are remembered. */
const LAST = 4096

export class Origins {
  readonly #parents = new Map<bigint, string>()

  get size(): number {
    return this.#parents.size
  }

  /** `parent`: a `traceparent`. */
  add(sequence: bigint, parent: string): void {
    this.#parents.set(sequence, parent)
    if (this.#parents.size > LAST) this.#parents.delete(this.#parents.keys().next().value!)
  }

  of(sequence: bigint): string | undefined {
    return this.#parents.get(sequence)
  }
}
