/** Sizes of a log's entries, by position, as far as they are known: entries before the first known one count for nothing. */
import type { Position } from './log.ts'

export class Sizes {
  #first: Position = 1
  #sizes: number[] = []
  #total = 0

  get total(): number {
    return this.#total
  }

  /** An entry that does not follow the last known one begins anew, if it comes later. */
  set(position: Position, size: number): void {
    const next = this.#first + this.#sizes.length
    if (position < next) return
    if (position > next) this.#clear(position)
    this.#sizes.push(size)
    this.#total += size
  }

  /** Forgets the entries up to and including `upTo`. */
  trim(upTo: Position): void {
    const count = upTo - this.#first + 1
    if (count <= 0) return
    if (count >= this.#sizes.length) {
      this.#clear(upTo + 1)
      return
    }
    for (const size of this.#sizes.splice(0, count)) this.#total -= size
    this.#first = upTo + 1
  }

  #clear(first: Position): void {
    this.#first = first
    this.#sizes = []
    this.#total = 0
  }
}
