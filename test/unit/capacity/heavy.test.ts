import test from 'ava'
import fc from 'fast-check'
import { HeavyHitters } from '../../../server/capacity/heavy.ts'

/** Quarters add up exactly, as units of capacity do. */
const weight = fc.integer({ min: 1, max: 40 }).map(quarters => quarters / 4)
const key = fc.oneof(fc.constantFrom('hot', 'warm', '__proto__'), fc.string({ maxLength: 2 }))
const additions = fc.array(fc.tuple(key, weight), { maxLength: 200 })

/** The second implementation: one that remembers everything. */
function exactly(list: [string, number][]): Map<string, number> {
  const sums = new Map<string, number>()
  for (const [key, weight] of list) sums.set(key, (sums.get(key) ?? 0) + weight)
  return sums
}

test('a weight is never too low, and too high by its excess at most', t => {
  fc.assert(
    fc.property(additions, fc.integer({ min: 1, max: 8 }), (list, capacity) => {
      const hitters = new HeavyHitters(capacity)
      for (const [key, weight] of list) hitters.add(key, weight)
      const exact = exactly(list)
      const top = hitters.top(capacity)
      t.true(top.length <= capacity)
      for (const { key, weight, excess } of top) {
        t.true(weight >= exact.get(key)!)
        t.true(weight - excess <= exact.get(key)!)
      }
    }),
  )
})

test('whatever weighs more than its share of the room is there', t => {
  fc.assert(
    fc.property(additions, fc.integer({ min: 1, max: 8 }), (list, capacity) => {
      const hitters = new HeavyHitters(capacity)
      for (const [key, weight] of list) hitters.add(key, weight)
      const total = list.reduce((sum, [, weight]) => sum + weight, 0)
      const kept = new Set(hitters.top(capacity).map(({ key }) => key))
      for (const [key, weight] of exactly(list)) if (weight > total / capacity) t.true(kept.has(key))
    }),
  )
})

test('with room for all, everything is exact and in order', t => {
  const hitters = new HeavyHitters(3)
  for (const [key, weight] of [
    ['a', 1],
    ['b', 2.5],
    ['c', 1],
    ['a', 3],
  ] as const)
    hitters.add(key, weight)
  t.deepEqual(hitters.top(2), [
    { key: 'a', weight: 4, excess: 0 },
    { key: 'b', weight: 2.5, excess: 0 },
  ])
})
