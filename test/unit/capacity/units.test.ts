import test from 'ava'
import fc from 'fast-check'
import { indexWriteUnits, readUnits, writeUnits } from '../../../server/capacity/units.ts'

test('reads are counted in 4 KB, halved when eventually consistent', t => {
  t.is(readUnits(4096, true), 1)
  t.is(readUnits(4097, true), 2)
  t.is(readUnits(4097, false), 1)
  t.is(readUnits(3 * 2000, false), 1)
  t.is(readUnits(100, false) + readUnits(5000, false), 1.5)
})

test('a missing item costs the minimum', t => {
  t.is(readUnits(0, true), 1)
  t.is(readUnits(0, false), 0.5)
  t.is(writeUnits(undefined, undefined), 1)
})

test('writes are counted in 1 KB of the larger of before and after', t => {
  t.is(writeUnits(3100, 1500), 4)
  t.is(writeUnits(undefined, 1024), 1)
  t.is(writeUnits(undefined, 1025), 2)
  t.is(writeUnits(5000, undefined), 5)
})

test('index arms of the worked example', t => {
  t.is(indexWriteUnits(60, 60, true, true), 0)
  t.is(indexWriteUnits(60, 60, false, false), 2)
  t.is(indexWriteUnits(60, 1500, true, false), 2)
  t.is(indexWriteUnits(undefined, 60, false, false), 1)
  t.is(indexWriteUnits(2049, undefined, false, false), 3)
  t.is(indexWriteUnits(undefined, undefined, true, true), 0)
})

test('an index whose key moves costs a removal and an insertion', t => {
  const size = fc.integer({ min: 1, max: 500_000 })
  fc.assert(
    fc.property(size, size, (before, after) => {
      const moved = indexWriteUnits(before, after, false, false)
      const removed = indexWriteUnits(before, undefined, false, false)
      const inserted = indexWriteUnits(undefined, after, false, false)
      t.is(moved, removed + inserted)
      t.is(inserted, Math.trunc((after + 1023) / 1024))
      t.is(indexWriteUnits(before, after, true, false), Math.max(removed, inserted))
      t.is(writeUnits(before, after), Math.max(removed, inserted))
    }),
  )
})

test('read units grow by whole units', t => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2_000_000 }), bytes => {
      const units = readUnits(bytes, true)
      t.true(units * 4096 >= bytes)
      t.true((units - 1) * 4096 < bytes)
      t.is(readUnits(bytes, false) * 2, units)
    }),
  )
})
