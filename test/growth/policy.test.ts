/** When and where partitions are split and merged. */
import test from 'ava'
import fc from 'fast-check'
import { type Load, nextCuts, type Policy } from '../../server/cluster/growth/policy.ts'
import type { PartitionSlice } from '../../server/model/table.ts'

const GB = 1e9
const HOUR = 3600_000
const POLICY: Policy = { splitBytes: 10 * GB, splitRate: 1000, partitions: 1 }
const slices = (...bounds: number[]): PartitionSlice[] =>
  bounds.slice(1).map((to, i) => ({ id: `p${i}`, from: bounds[i]!, to }))
const load = (more: Partial<Load>): Load => ({ bytes: GB, rate: 300, busyMs: 0, idleMs: 0, ...more })
const decide = (partitions: PartitionSlice[], loads: Load[], policy = POLICY) =>
  nextCuts({ partitions }, new Map(loads.map((load, i) => [`p${i}`, load])), policy)

test('all is well', t => {
  t.is(decide(slices(0, 100), [load({})]), undefined)
  t.is(decide(slices(0, 100), []), undefined, 'nothing is known')
})

test('the biggest partition is split first, a far too big one into many', t => {
  const [a, b] = slices(0, 100, 200)
  t.deepEqual(decide([a!, b!], [load({ bytes: 11 * GB }), load({ bytes: 12 * GB })]), {
    parents: [b],
    cuts: [133, 166],
  })
  t.deepEqual(decide([a!], [load({ bytes: 1000 * GB })])!.cuts, [12, 25, 37, 50, 62, 75, 87])
  t.is(decide(slices(0, 1), [load({ bytes: 1000 * GB })]), undefined, 'one hash can not be cut')
})

test('a big partition is split where it has rows, and not at all if they have one hash', t => {
  const big = (least: number, greatest: number) => load({ bytes: 30 * GB, hashes: { least, greatest } })
  const [a, b] = slices(0, 100, 200)
  t.deepEqual(decide([a!], [big(40, 43)])!.cuts, [41, 42, 43].slice(0, 3))
  t.deepEqual(decide([a!], [big(41, 42)])!.cuts, [42], 'two hashes, one cut')
  t.is(decide([a!], [big(41, 41)]), undefined)
  t.deepEqual(
    decide([a!, b!], [big(41, 41), load({ bytes: 11 * GB })]),
    { parents: [b], cuts: [133, 166] },
    'others are',
  )
})

test('a busy partition is split where its load divides, if it stays busy', t => {
  const busy = { rate: 2000, middle: 70 }
  t.is(decide(slices(0, 100), [load({ ...busy, busyMs: 10_000 })]), undefined)
  t.deepEqual(decide(slices(0, 100), [load({ ...busy, busyMs: 40_000 })])!.cuts, [70])
  t.deepEqual(decide(slices(0, 100), [load({ rate: 2000, busyMs: 40_000 })])!.cuts, [50], 'nobody knows where')
  const zero = load({ rate: 2000, middle: 0, busyMs: 40_000 })
  t.deepEqual(decide(slices(0, 100), [zero])!.cuts, [1], 'one hot key is parted from the others')
  t.is(decide(slices(0, 1), [zero]), undefined, 'and then left alone')
  const quiet = { ...POLICY, splitRate: 0 }
  t.is(decide(slices(0, 100), [load({ rate: 1e6, busyMs: HOUR })], quiet), undefined)
})

test('neighbours that are small and idle for long are merged, down to as many as there were', t => {
  const idle = load({ rate: 10, idleMs: HOUR })
  const three = slices(0, 100, 200, 300)
  t.deepEqual(decide(three, [load({}), idle, idle]), { parents: three.slice(1), cuts: [] })
  t.is(decide(three, [idle, load({}), idle]), undefined, 'they are no neighbours')
  t.is(decide(three, [idle, idle, idle], { ...POLICY, partitions: 3 }), undefined)
  t.is(decide(three, [load({ ...idle, bytes: 2 * GB }), load({ ...idle, bytes: GB }), load({})]), undefined)
  t.is(decide(three, [idle, { ...idle, idleMs: 60_000 }, load({})]), undefined)
})

test('it comes to an end: under any steady load, splits and merges stop', t => {
  const keys = fc.array(fc.record({ hash: fc.nat(999), bytes: fc.nat(4 * GB), rate: fc.nat(400) }), {
    minLength: 1,
    maxLength: 60,
  })
  fc.assert(
    fc.property(keys, fc.array(fc.integer({ min: 1, max: 999 }), { maxLength: 6 }), (keys, bounds) => {
      let partitions = slices(...[...new Set([0, ...bounds, 1000])].sort((a, b) => a - b))
      let next = 100
      for (let step = 0; ; step++) {
        const loads = new Map(partitions.map(slice => [slice.id, loadOf(keys, slice)]))
        const cuts = nextCuts({ partitions }, loads, POLICY)
        if (!cuts) break
        t.true(step < 500)
        const [first, last] = [cuts.parents[0]!, cuts.parents.at(-1)!]
        const edges = [first.from, ...cuts.cuts, last.to]
        const children = edges.slice(1).map((to, i) => ({ id: `p${next++}`, from: edges[i]!, to }))
        partitions = [...partitions.filter(({ id }) => !cuts.parents.some(p => p.id === id)), ...children]
        partitions.sort((a, b) => a.from - b.from)
      }
      for (const slice of partitions) {
        const { bytes } = loadOf(keys, slice)
        t.true(bytes <= POLICY.splitBytes || slice.to - slice.from === 1)
      }
    }),
  )
})

function loadOf(keys: { hash: number; bytes: number; rate: number }[], { from, to }: PartitionSlice): Load {
  const mine = keys.filter(({ hash }) => hash >= from && hash < to).sort((a, b) => a.hash - b.hash)
  const bytes = mine.reduce((sum, key) => sum + key.bytes, 0)
  const rate = mine.reduce((sum, key) => sum + key.rate, 0)
  let seen = 0
  const middle = mine.find(key => (seen += key.rate) * 2 >= rate)?.hash
  return { bytes, rate, middle, busyMs: rate > 1000 ? HOUR : 0, idleMs: rate < 125 ? HOUR : 0 }
}
