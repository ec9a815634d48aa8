import test from 'ava'
import fc from 'fast-check'
import { hashKey } from '../../../server/codec/hash.ts'
import { globalIndexKey, hashOfRow, localIndexKey, rowKey } from '../../../server/codec/key.ts'
import { encodeValues } from '../../../server/codec/order.ts'
import { hashRange, type KeyRange, queryRange, type RangeCondition, segmentRange } from '../../../server/codec/range.ts'
import type { AttributeValue, Item, ScalarType } from '../../../server/model/item.ts'
import type { IndexSchema, KeyAttribute, KeySchema } from '../../../server/model/schema.ts'
import { bytesOf, naiveCompare } from '../model/arbitraries.ts'

/** Few values, so that random rows often agree; each close to another in its encoding. */
const VALUES: Record<ScalarType, AttributeValue[]> = {
  S: ['a', 'aa', 'a\0', 'a\0\0', 'a\x01', 'a\xff', 'b', '\0', '\uffff', '\u{1f600}', '\ud83d'].map(S => ({ S })),
  N: ['0', '1', '-1', '1.5', '-1.5', '10', '-10', '100', '0.001', '-0.001'].map(N => ({ N })),
  B: [[0], [0, 0], [0, 255], [255], [255, 0], [255, 255], [1], [97]].map(b => ({
    B: Buffer.from(b).toString('base64'),
  })),
}

const TABLE: KeySchema = { hash: [{ name: 'tk', type: 'S' }], range: [{ name: 'ts', type: 'N' }] }

const attributes = (names: readonly string[]): fc.Arbitrary<KeyAttribute[]> =>
  fc.tuple(
    ...names.map(name => fc.constantFrom<ScalarType>('S', 'N', 'B').map((type): KeyAttribute => ({ name, type }))),
  )

/** Index keys of one to two hash and none to three range attributes. */
const key: fc.Arbitrary<KeySchema> = fc.record({
  hash: fc.constantFrom<string[]>(['h1'], ['h1', 'h2']).chain(attributes),
  range: fc.constantFrom<string[]>([], ['r1'], ['r1', 'r2'], ['r1', 'r2', 'r3']).chain(attributes),
})

const valueFor = ({ type }: KeyAttribute) => fc.constantFrom(...VALUES[type])

const itemOf = (schema: KeySchema): fc.Arbitrary<Item> => {
  const all = [...schema.hash, ...schema.range, ...TABLE.hash, ...TABLE.range]
  return fc.tuple(...all.map(valueFor)).map(values => Object.fromEntries(all.map(({ name }, i) => [name, values[i]!])))
}

const conditionOn = (attribute: KeyAttribute): fc.Arbitrary<RangeCondition> => {
  const single = fc.constantFrom<RangeCondition['operator']>('=', '<', '<=', '>', '>=')
  const start = fc.record({
    operator: fc.constant('begins_with' as const),
    values: fc.tuple(
      attribute.type === 'S' ? fc.oneof(fc.constant({ S: '' }), valueFor(attribute)) : valueFor(attribute),
    ),
  })
  return fc.oneof(
    fc.record({ operator: single, values: fc.tuple(valueFor(attribute)) }),
    fc.record({
      operator: fc.constant('BETWEEN' as const),
      values: fc.tuple(valueFor(attribute), valueFor(attribute)),
    }),
    ...(attribute.type === 'N' ? [] : [start]),
  )
}

/** Conditions on the first so many range attributes, all but the last an equality. */
const conditionsOn = (range: KeyAttribute[]): fc.Arbitrary<RangeCondition[]> =>
  fc.nat({ max: range.length }).chain(used => {
    const equal = range
      .slice(0, Math.max(0, used - 1))
      .map(attribute => valueFor(attribute).map((value): RangeCondition => ({ operator: '=', values: [value] })))
    return fc.tuple(...equal, ...range.slice(equal.length, used).map(conditionOn))
  })

function satisfies(actual: AttributeValue, { operator, values }: RangeCondition): boolean {
  const order = naiveCompare(actual, values[0]!)
  switch (operator) {
    case '=':
      return order === 0
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
    case 'BETWEEN':
      return order >= 0 && naiveCompare(actual, values[1]!) <= 0
    case 'begins_with': {
      const bytes = bytesOf(actual)
      return bytesOf(values[0]!).every((byte, i) => bytes[i] === byte)
    }
  }
}

const within = (row: Buffer, { from, to }: KeyRange) => Buffer.compare(row, from) >= 0 && Buffer.compare(row, to) < 0

const indexOf = (schema: KeySchema): IndexSchema => ({
  id: 'i',
  name: 'i',
  kind: 'GLOBAL',
  key: schema,
  projection: { type: 'ALL' },
})

test('a query range holds exactly the rows that satisfy the conditions', t => {
  const scenario = key.chain(schema =>
    fc.record({
      schema: fc.constant(schema),
      items: fc.array(itemOf(schema), { minLength: 1, maxLength: 12 }),
      conditions: conditionsOn(schema.range),
    }),
  )
  let hits = 0
  fc.assert(
    fc.property(scenario, ({ schema, items, conditions }) => {
      const hash = schema.hash.map(({ name }) => items[0]![name]!)
      const range = queryRange(hash, conditions)
      for (const item of items) {
        const expected =
          schema.hash.every(({ name }, i) => naiveCompare(item[name]!, hash[i]!) === 0) &&
          conditions.every((condition, i) => satisfies(item[schema.range[i]!.name]!, condition))
        t.is(within(rowKey(schema, item), range), expected)
        t.is(within(globalIndexKey(TABLE, indexOf(schema), item), range), expected)
        if (expected) hits++
      }
    }),
    { numRuns: 3000 },
  )
  t.true(hits > 1000, 'the scenarios are not all misses')
})

test('rows of one hash are in the order of their range attributes', t => {
  const schema: KeySchema = { hash: [{ name: 'h', type: 'S' }], range: [{ name: 'r', type: 'N' }] }
  const rows = ['-10', '-1.5', '0', '0.001', '1', '10', '9'.repeat(38)].map(N =>
    rowKey(schema, { h: { S: 'a' }, r: { N } }),
  )
  t.deepEqual(rows.toSorted(Buffer.compare), rows)
})

test('a row begins with the hash of its encoded hash attributes', t => {
  const item: Item = { tk: { S: 'a' }, ts: { N: '1' } }
  const encoded = encodeValues([{ S: 'a' }])
  t.is(hashOfRow(rowKey(TABLE, item)), hashKey(encoded))
  t.is(rowKey(TABLE, item).toString('hex', 4), '6100000' + '3410200')
})

test("a local index entry lives in its row's partition, in index order, one for every row", t => {
  const index = { ...indexOf({ hash: TABLE.hash, range: [{ name: 'r', type: 'S' }] }), kind: 'LOCAL' as const }
  const entry = (ts: string, r: string) => localIndexKey(TABLE, index, { tk: { S: 'a' }, ts: { N: ts }, r: { S: r } })
  const entries = [entry('2', 'a'), entry('3', 'a'), entry('1', 'b')]
  t.deepEqual(entries.toSorted(Buffer.compare), entries)
  t.is(new Set(entries.map(String)).size, 3)
  t.is(hashOfRow(entries[0]!), hashOfRow(rowKey(TABLE, { tk: { S: 'a' }, ts: { N: '2' } })))
  const range = queryRange([{ S: 'a' }], [{ operator: '=', values: [{ S: 'a' }] }])
  t.deepEqual(
    entries.map(each => within(each, range)),
    [true, true, false],
  )
})

test('entries of different rows in a global index differ', t => {
  const index = indexOf({ hash: [{ name: 'g', type: 'N' }], range: [] })
  const entry = (tk: string, ts: string) =>
    globalIndexKey(TABLE, index, { tk: { S: tk }, ts: { N: ts }, g: { N: '7' } })
  const entries = [entry('a', '1'), entry('a', '2'), entry('b', '1')]
  t.is(new Set(entries.map(String)).size, 3)
  t.true(entries.every(each => hashOfRow(each) === hashKey(encodeValues([{ N: '7' }]))))
})

test('keys are copies: later keys do not write over them', t => {
  const first = rowKey(TABLE, { tk: { S: 'a' }, ts: { N: '1' } })
  const before = first.toString('hex')
  rowKey(TABLE, { tk: { S: 'zzzz' }, ts: { N: '999' } })
  t.is(first.toString('hex'), before)
})

test('an impossible BETWEEN is empty', t => {
  const { from, to } = queryRange([{ S: 'a' }], [{ operator: 'BETWEEN', values: [{ N: '2' }, { N: '1' }] }])
  t.true(Buffer.compare(from, to) >= 0)
})

test('a range of hashes holds exactly the rows of those hashes', t => {
  const limit = fc.oneof(fc.constantFrom(0, 2 ** 32, 2 ** 32 - 1, 2 ** 31), fc.integer({ min: 0, max: 2 ** 32 }))
  const schema: KeySchema = { hash: [{ name: 'h', type: 'B' }], range: [] }
  fc.assert(
    fc.property(limit, limit, fc.uint8Array({ minLength: 1, maxLength: 8 }), (from, to, bytes) => {
      const row = rowKey(schema, { h: { B: Buffer.from(bytes).toString('base64') } })
      const hash = hashOfRow(row)
      t.is(within(row, hashRange(from, to)), from <= hash && hash < to)
      t.true(within(row, hashRange(hash, hash + 1)))
      t.true(within(row, hashRange(0, 2 ** 32)))
    }),
    { numRuns: 1000 },
  )
})

test('segments cover all hashes once', t => {
  for (const total of [1, 2, 3, 7, 1000, 1_000_000]) {
    t.is(segmentRange(0, total).from, 0)
    t.is(segmentRange(total - 1, total).to, 2 ** 32)
    for (const segment of [0, 1, total >> 1, total - 2].filter(each => each >= 0 && each < total - 1)) {
      t.is(segmentRange(segment, total).to, segmentRange(segment + 1, total).from)
    }
  }
})
