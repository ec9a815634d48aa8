import test from 'ava'
import type { Item } from '../../../server/model/item.ts'
import { indexKeyProblem, isIndexed, keyOf, validateItemKey, validateKeyItem } from '../../../server/model/key.ts'
import type { IndexSchema, KeySchema } from '../../../server/model/schema.ts'

const INVALID = 'One or more parameter values were invalid: '
const NOT_VALID = 'One or more parameter values are not valid. '
const MISMATCH = 'The provided key element does not match the schema'
const EMPTY = 'The AttributeValue for a key attribute cannot contain an empty string value.'
const EMPTY_BINARY = 'The AttributeValue for a key attribute cannot contain an empty binary value.'
const HASH_TOO_LONG = `${INVALID}Size of hashkey has exceeded the maximum size limit of2048 bytes`
const RANGE_TOO_LONG = `${INVALID}Aggregated size of all range keys has exceeded the size limit of 1024 bytes`

const SIMPLE: KeySchema = { hash: [{ name: 'pk', type: 'S' }], range: [] }
const COMPOSITE: KeySchema = { hash: [{ name: 'pk', type: 'S' }], range: [{ name: 'sk', type: 'B' }] }
const INHERITED: KeySchema = { hash: [{ name: 'toString', type: 'S' }], range: [] }

const bytes = (length: number) => Buffer.alloc(length, 1).toString('base64')
const message = (work: () => void) => {
  try {
    work()
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

const KEYS: [title: string, schema: KeySchema, key: Item, message: string | undefined][] = [
  ['a hash', SIMPLE, { pk: { S: 'a' } }, undefined],
  ['hash and range', COMPOSITE, { sk: { B: 'AQ==' }, pk: { S: 'a' } }, undefined],
  ['nothing', SIMPLE, {}, MISMATCH],
  ['an attribute too many', SIMPLE, { pk: { S: 'a' }, sk: { S: 'a' } }, MISMATCH],
  ['another attribute', SIMPLE, { key: { S: 'a' } }, MISMATCH],
  ['an attribute too few', COMPOSITE, { pk: { S: 'a' } }, MISMATCH],
  ['another type', SIMPLE, { pk: { N: '1' } }, MISMATCH],
  ['another type and an empty string', COMPOSITE, { pk: { S: '' }, sk: { S: 'a' } }, MISMATCH],
  ['an inherited name only', INHERITED, {}, MISMATCH],
  ['an empty string', SIMPLE, { pk: { S: '' } }, `${NOT_VALID}${EMPTY} Key: pk`],
  ['an empty binary', COMPOSITE, { pk: { S: 'a' }, sk: { B: '' } }, `${NOT_VALID}${EMPTY_BINARY} Key: sk`],
  ['2048 and 1024 bytes', COMPOSITE, { pk: { S: 'é'.repeat(1024) }, sk: { B: bytes(1024) } }, undefined],
  ['a hash of 2049 bytes', SIMPLE, { pk: { S: `a${'é'.repeat(1024)}` } }, HASH_TOO_LONG],
  ['a range of 1025 bytes', COMPOSITE, { pk: { S: 'a' }, sk: { B: bytes(1025) } }, RANGE_TOO_LONG],
]

for (const [title, schema, key, expected] of KEYS) {
  test(`a key with ${title}`, t =>
    t.is(
      message(() => validateKeyItem(schema, key)),
      expected,
    ))
}

const ITEMS: [title: string, item: Item, message: string | undefined][] = [
  ['both attributes and more', { pk: { S: 'a' }, sk: { B: 'AQ==' }, more: { S: '' } }, undefined],
  ['no hash', { sk: { B: 'AQ==' } }, `${INVALID}Missing the key pk in the item`],
  ['no range', { pk: { S: 'a' } }, `${INVALID}Missing the key sk in the item`],
  [
    'a hash of another type',
    { pk: { N: '1' }, sk: { B: 'AQ==' } },
    `${INVALID}Type mismatch for key pk expected: S actual: N`,
  ],
  ['a list for a range', { pk: { S: 'a' }, sk: { L: [] } }, `${INVALID}Type mismatch for key sk expected: B actual: L`],
  ['an empty hash', { pk: { S: '' }, sk: { B: 'AQ==' } }, `${NOT_VALID}${EMPTY} Key: pk`],
  ['an empty range', { pk: { S: 'a' }, sk: { B: '' } }, `${NOT_VALID}${EMPTY_BINARY} Key: sk`],
  ['too long a hash', { pk: { S: 'a'.repeat(2049) }, sk: { B: 'AQ==' } }, HASH_TOO_LONG],
  ['too long a range', { pk: { S: 'a' }, sk: { B: bytes(1025) } }, RANGE_TOO_LONG],
]

for (const [title, item, expected] of ITEMS) {
  test(`an item with ${title}`, t =>
    t.is(
      message(() => validateItemKey(COMPOSITE, item)),
      expected,
    ))
}

test('the key of an item', t => {
  t.deepEqual(keyOf(COMPOSITE, { a: { S: 'x' }, sk: { B: 'AQ==' }, pk: { S: 'a' } }), {
    pk: { S: 'a' },
    sk: { B: 'AQ==' },
  })
  const schema: KeySchema = { hash: [{ name: '__proto__', type: 'S' }], range: [] }
  const key = keyOf(schema, JSON.parse('{"__proto__":{"S":"a"},"b":{"S":"b"}}'))
  t.is(JSON.stringify(key), '{"__proto__":{"S":"a"}}')
  t.notThrows(() => validateKeyItem(schema, key))
})

const INDEX: IndexSchema = {
  id: 'i',
  name: 'byOwner',
  kind: 'GLOBAL',
  key: {
    hash: [
      { name: 'h1', type: 'S' },
      { name: 'h2', type: 'S' },
    ],
    range: [
      { name: 'r1', type: 'N' },
      { name: 'r2', type: 'B' },
    ],
  },
  projection: { type: 'ALL' },
}
const FIT: Item = { h1: { S: 'a' }, h2: { S: 'b' }, r1: { N: '1' }, r2: { B: 'AQ==' } }
const TYPE_UPDATE = `${INVALID}The update expression attempted to update the secondary index key to unsupported type`
const SIZE_UPDATE = `${INVALID}The update expression attempted to update the secondary index key beyond allowed size limits`

const UNFIT: [title: string, change: Item, put: string, update: string][] = [
  [
    'a wrong type',
    { r1: { S: '1' } },
    `${INVALID}Type mismatch for Index Key r1 Expected: N Actual: S IndexName: byOwner`,
    TYPE_UPDATE,
  ],
  [
    'an empty string',
    { h2: { S: '' } },
    `${NOT_VALID}A value specified for a secondary index key is not supported. ${EMPTY} IndexName: byOwner, IndexKey: h2`,
    `${NOT_VALID}The update expression attempted to update a secondary index key to a value that is not supported. ${EMPTY}`,
  ],
  [
    'an empty binary',
    { r2: { B: '' } },
    `${NOT_VALID}A value specified for a secondary index key is not supported. ${EMPTY_BINARY} IndexName: byOwner, IndexKey: r2`,
    `${NOT_VALID}The update expression attempted to update a secondary index key to a value that is not supported. ${EMPTY_BINARY}`,
  ],
  ['too long hashes', { h1: { S: 'a'.repeat(1025) }, h2: { S: 'b'.repeat(1024) } }, HASH_TOO_LONG, SIZE_UPDATE],
  ['too long ranges', { r2: { B: bytes(1023) } }, RANGE_TOO_LONG, SIZE_UPDATE],
]

for (const [title, change, put, update] of UNFIT) {
  test(`${title} in an index key`, t => {
    const item = { ...FIT, ...change }
    t.is(indexKeyProblem(INDEX, item, 'put')?.message, put)
    t.is(indexKeyProblem(INDEX, item, 'update')?.message, update)
    t.false(isIndexed(INDEX, item))
    const sparse = structuredClone(item)
    delete sparse[Object.keys(FIT).find(name => !Object.hasOwn(change, name))!]
    if (!title.startsWith('too long')) t.is(indexKeyProblem(INDEX, sparse, 'put')?.message, put)
  })
}

test('an item without all of the key attributes is not in the index, and that is no problem', t => {
  t.true(isIndexed(INDEX, FIT))
  t.is(indexKeyProblem(INDEX, FIT, 'put'), undefined)
  for (const name of Object.keys(FIT)) {
    const item = structuredClone(FIT)
    delete item[name]
    t.is(indexKeyProblem(INDEX, item, 'put'), undefined)
    t.false(isIndexed(INDEX, item))
  }
  t.is(indexKeyProblem(INDEX, {}, 'update'), undefined)
})
