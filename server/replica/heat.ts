/** How many requests a partition gets, and for which hashes: a sample of the last ones. */
import { hashOfRow } from '../codec/key.ts'

/** `requests`: since this leader began. `middle`: half of the last ones were for hashes below it; undefined while they are few. */
export type HeatReading = { requests: number; middle?: number }

/** One request of so many is in the sample. */
const EVERY = 16
const SAMPLES = 128
const HASH_SIZE = 4

export class Heat {
  readonly #sample = new Uint32Array(SAMPLES)
  #requests = 0

  /** `key`: of a row, or the beginning of one. */
  count(key: Buffer): void {
    const number = ++this.#requests
    if (number % EVERY === 0 && key.length >= HASH_SIZE) this.#sample[(number / EVERY) % SAMPLES] = hashOfRow(key)
  }

  read(): HeatReading {
    if (this.#requests < EVERY * SAMPLES) return { requests: this.#requests }
    return { requests: this.#requests, middle: this.#sample.toSorted()[SAMPLES / 2] }
  }
}
