/** Distributions, counted in buckets: plain numbers that cost next to nothing to keep, and are read when somebody looks. */

/** Seconds, from a tenth of a millisecond to ten seconds. */
export const DURATIONS: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
]

export class Histogram {
  /** Upper bounds of the buckets, inclusive, ascending. */
  readonly bounds: readonly number[]
  /** Values per bucket; the last bucket has no bound. */
  readonly counts: number[]
  sum = 0
  count = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Array<number>(bounds.length + 1).fill(0)
  }

  observe(value: number): void {
    const { bounds } = this
    let bucket = 0
    while (bucket < bounds.length && value > bounds[bucket]!) bucket++
    this.counts[bucket]! += 1
    this.sum += value
    this.count += 1
  }
}
