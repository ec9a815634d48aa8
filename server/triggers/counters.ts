/** What is counted of triggers in this process. */

export class TriggerCounters {
  readonly table: string
  readonly functionName: string
  invocations = 0
  errors = 0
  throttles = 0
  /** Records that were given up. */
  deadLetters = 0
  /** By shard and lane: milliseconds from the last record of the last batch to the batch's end. */
  readonly ages = new Map<string, number>()

  constructor(table: string, functionName: string) {
    this.table = table
    this.functionName = functionName
  }

  /** Of the lane that is the furthest behind. */
  get iteratorAge(): number {
    return Math.max(0, ...this.ages.values())
  }
}
