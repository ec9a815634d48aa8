/**
 * Heavy hitters: the heaviest of very many keys, in memory for few (the Space-Saving algorithm of Metwally, Agrawal and
 * El Abbadi). Whatever weighs more than the total over the capacity is in it.
 */

/** `weight` is never too low, and too high by `excess` at most. */
export type Heavy = { key: string; weight: number; excess: number }

type Count = { weight: number; excess: number }

export class HeavyHitters {
  readonly #capacity: number
  readonly #counts = new Map<string, Count>()

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** A key that is new, where there is no room, takes the place of the lightest, and its weight as excess. */
  add(key: string, weight: number): void {
    const count = this.#counts.get(key)
    if (count) {
      count.weight += weight
      return
    }
    const excess = this.#counts.size < this.#capacity ? 0 : this.#dropLightest()
    this.#counts.set(key, { weight: excess + weight, excess })
  }

  /** At most `limit`, the heaviest first. */
  top(limit: number): Heavy[] {
    const all = [...this.#counts].map(([key, count]) => ({ key, ...count }))
    return all.sort((a, b) => b.weight - a.weight).slice(0, limit)
  }

  #dropLightest(): number {
    let lightest = Number.POSITIVE_INFINITY
    let doomed = ''
    for (const [key, { weight }] of this.#counts) {
      if (weight >= lightest) continue
      lightest = weight
      doomed = key
    }
    this.#counts.delete(doomed)
    return lightest
  }
}
