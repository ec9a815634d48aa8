/** Chance that a seed repeats. */

export type Random = {
  /** From 0 up to 1. */
  next(): number
  /** A whole number from 0 up to, but without, `end`. */
  below(end: number): number
  /** A whole number, both ends included. */
  between(low: number, high: number): number
  chance(probability: number): boolean
  pick<T>(list: readonly T[]): T
  /** One of the values, in proportion to the weights before them. */
  weighted<T>(choices: readonly (readonly [weight: number, value: T])[]): T
  /** What `make` makes, from `min` to `max` times. */
  some<T>(min: number, max: number, make: (position: number) => T): T[]
}

/** The chance of one request, or one writer: depends on nothing but its number and the seed. */
export function randomOf(seed: number, number: number): Random {
  let state = scramble(scramble(seed) ^ number)
  const next = () => {
    state = (state + 0x9e3779b9) | 0
    return (scramble(state) >>> 0) / 2 ** 32
  }
  const below = (end: number) => Math.floor(next() * end)
  const pick = <T>(list: readonly T[]) => list[below(list.length)]!
  return {
    next,
    below,
    between: (low, high) => low + below(high - low + 1),
    pick,
    chance: probability => next() < probability,
    weighted(choices) {
      let left = next() * choices.reduce((sum, [weight]) => sum + weight, 0)
      return (choices.find(([weight]) => (left -= weight) < 0) ?? choices[0]!)[1]
    },
    some: (min, max, make) => Array.from({ length: min + below(max - min + 1) }, (_, i) => make(i)),
  }
}

/** Murmur3's finalizer: every bit of the input moves half of the output's. */
function scramble(value: number): number {
  let hash = value | 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
