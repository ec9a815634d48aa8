/** How fast other replicas' files are copied to a node: requests come first. */
import { type Clock, sleep } from '../../base/clock.ts'

/** Bytes a second. */
export const COPY_RATE = 64 * 1024 * 1024

export class Pace {
  readonly #clock: Clock
  readonly #bytesPerMs: number
  /** When what was let through is paid for, by the monotonic clock. */
  #free = 0

  /** `rate`: bytes a second, of all copies together. */
  constructor(clock: Clock, rate: number) {
    this.#clock = clock
    this.#bytesPerMs = rate / 1000
  }

  async *of(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    for await (const chunk of chunks) {
      yield chunk
      const now = this.#clock.monotonic()
      this.#free = Math.max(this.#free, now) + chunk.length / this.#bytesPerMs
      if (this.#free > now + 1) await sleep(this.#clock, this.#free - now)
    }
  }
}
