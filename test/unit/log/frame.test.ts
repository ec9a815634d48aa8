import { randomUUID } from 'node:crypto'
import test from 'ava'
import fc from 'fast-check'
import { decodeGroup, encodeGroup, hasGroupAfter, type LogRecord } from '../../../server/log/local/frame.ts'

const record = fc.record({
  partition: fc.uuid(),
  position: fc.integer({ min: 1, max: 2 ** 48 - 1 }),
  bytes: fc.uint8Array({ maxLength: 200 }),
})
const records = fc.array(record, { minLength: 1, maxLength: 10 })

test('a group reads back as it was written, wherever it lies', t => {
  fc.assert(
    fc.property(records, fc.integer({ min: 1, max: 2 ** 48 - 1 }), fc.nat(100), (records, sequence, offset) => {
      const { bytes, places } = encodeGroup(sequence, records)
      const segment = Buffer.concat([Buffer.alloc(offset, 'x'), bytes, Buffer.alloc(40)])
      const group = decodeGroup(segment, offset)
      if (typeof group === 'string') return t.fail(group)
      t.deepEqual(group, { sequence, size: bytes.length, places })
      const decoded: LogRecord[] = group.places.map(({ partition, position, offset: at, length }) => ({
        partition,
        position,
        bytes: new Uint8Array(segment.subarray(offset + at, offset + at + length)),
      }))
      t.deepEqual(decoded, records)
      t.is(decodeGroup(segment, offset + bytes.length), 'end')
    }),
    { numRuns: 200 },
  )
})

test('a group with any one bit changed, or any end cut off, is damaged', t => {
  const { bytes } = encodeGroup(7, [
    { partition: randomUUID(), position: 3, bytes: Buffer.from('some bytes') },
    { partition: randomUUID(), position: 4, bytes: Buffer.alloc(0) },
  ])
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = Buffer.from(bytes)
    changed[bit >> 3]! ^= 1 << (bit & 7)
    t.is(decodeGroup(changed, 0), 'damaged')
  }
  for (let length = 1; length < bytes.length; length++) t.is(decodeGroup(bytes.subarray(0, length), 0), 'damaged')
})

test('nothing but zeros is the end; zeros with something after them are damage', t => {
  t.is(decodeGroup(Buffer.alloc(1000), 0), 'end')
  t.is(decodeGroup(Buffer.alloc(0), 0), 'end')
  t.is(decodeGroup(Buffer.alloc(10), 0), 'end')
  const late = Buffer.alloc(1000)
  late[999] = 1
  t.is(decodeGroup(late, 0), 'damaged')
})

test('a whole group is found wherever it begins, and half of one is not', t => {
  const { bytes } = encodeGroup(1, [{ partition: randomUUID(), position: 1, bytes: Buffer.from('TVgpTVgpTVgp') }])
  for (const gap of [1, 7, 500]) t.true(hasGroupAfter(Buffer.concat([Buffer.alloc(gap, 'TV'), bytes]), 1))
  t.false(hasGroupAfter(bytes, 1))
  t.false(hasGroupAfter(Buffer.concat([Buffer.from('x'), bytes.subarray(0, -1)]), 0))
})
