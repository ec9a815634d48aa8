/** What is counted of triggers in this process. */

export class TriggerCounters {
  readonly table: string
  readonly functionName: string
  invocations = 0
  errors = 0
  throttles = 0
  /** Records that were given up. */
  deadLetters = 0
  readonly #now: () => number
  /** By shard and lane: milliseconds from the last record of the last batch to the batch's end. */
  readonly #ages = new Map<string, number>()
  /** The same: when the first record was made of the batch that is being delivered; epoch milliseconds. */
  readonly #waiting = new Map<string, number>()

  constructor(table: string, functionName: string, now: () => number) {
    this.table = table
    this.functionName = functionName
    this.#now = now
  }

  /** Of the lane that is the furthest behind; one whose function does not take its batch falls behind by the second. */
  get iteratorAge(): number {
    const now = this.#now()
    const waiting = [...this.#waiting.values()].map(since => now - since)
    return Math.max(0, ...this.#ages.values(), ...waiting)
  }

  /** A lane begins to deliver a batch. */
  began(lane: string, since: number): void {
    this.#waiting.set(lane, since)
  }

  /** It is done with it. */
  done(lane: string, age: number): void {
    this.#waiting.delete(lane)
    this.#ages.set(lane, age)
  }

  /** It does not run here any more. */
  forget(lane: string): void {
    this.#waiting.delete(lane)
    this.#ages.delete(lane)
  }
}
