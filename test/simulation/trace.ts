/** What has happened, in order: the same for the same seed. Kept as a hash, and as lines where somebody wants to read it. */
import type { VirtualTime } from './ground/time.ts'

export class Trace {
  /** FNV-1a, 32 bits, over all that was noted. */
  hash = 0x811c9dc5
  readonly lines: string[] = []
  keeps = false
  readonly #time: VirtualTime

  constructor(time: VirtualTime) {
    this.#time = time
  }

  note(what: string): void {
    const line = `${this.#time.now.toFixed(3)} ${this.#time.events} ${what}`
    for (let i = 0; i < line.length; i++) this.hash = Math.imul(this.hash ^ line.charCodeAt(i), 0x01000193) >>> 0
    if (this.keeps) this.lines.push(line)
  }
}
