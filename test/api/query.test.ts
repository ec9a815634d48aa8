import type { AttributeValue, QueryCommandInput } from '@aws-sdk/client-dynamodb'
import { paginateQuery } from '@aws-sdk/lib-dynamodb'
import test from 'ava'
import { fill, INVALID_PARAMETER, invalid, makeTable, sharedTable, startApi } from './api.ts'

const { db, docs } = await startApi()
const T = sharedTable(db, { key: 'pk:S | sk:S', global: { byG: { key: 'g:S | n:N' } } })

/** Sort keys of each type, in their order: numbers by value, strings by UTF-8 bytes, binary by unsigned bytes. */
const NUMBERS = ['-1e100', '-2', '-1.5', '-1', '-0.001', '0', '1e-100', '0.5', '2', '10', '10.01', '1e20', '9e125']
const STRINGS = ['!', '0', '10', '2', 'A', 'Z', '_', 'a', 'aa', 'ab', 'b', 'z', 'é', 'ﬀ', '🌍']
const BYTES = [[0], [0, 0], [0, 1], [1], [1, 255], [127], [128], [128, 0], [255], [255, 255]]
const SORTED: Record<'N' | 'S' | 'B', AttributeValue[]> = {
  N: NUMBERS.map(N => ({ N })),
  S: STRINGS.map(S => ({ S })),
  B: BYTES.map(bytes => ({ B: new Uint8Array(bytes) })),
}

for (const [type, values] of Object.entries(SORTED)) {
  test(`sort keys of type ${type}: order, paging, and every comparison`, async t => {
    const TableName = await makeTable(db, { key: `pk:${type} | sk:${type}` })
    const pk = values[3]!
    // A neighbour on either side, which must not show up.
    const hashes = [pk, values[2]!, values[4]!]
    const shuffled = values.map((sk, i) => ({ sk, i })).sort((a, b) => ((a.i * 7) % 5) - ((b.i * 7) % 5))
    for (const hash of hashes)
      await Promise.all(
        shuffled.map(({ sk, i }) => db.putItem({ TableName, Item: { pk: hash, sk, i: { N: `${i}` } } })),
      )
    const all = values.map((_, i) => i)
    for (const forward of [true, false]) {
      const expected = forward ? all : [...all].reverse()
      for (const limit of [1, 2, 3, values.length, undefined])
        t.deepEqual(await indexes(TableName, 'pk = :pk', { ':pk': pk }, forward, limit), expected)
    }
    for (let i = 0; i < values.length; i++) {
      const given = { ':pk': pk, ':a': values[i]! }
      const where = async (condition: string) => indexes(TableName, `pk = :pk AND ${condition}`, given)
      t.deepEqual(await where('sk = :a'), [i])
      t.deepEqual(await where('sk < :a'), all.slice(0, i))
      t.deepEqual(await where('sk <= :a'), all.slice(0, i + 1))
      t.deepEqual(await where('sk > :a'), all.slice(i + 1))
      t.deepEqual(await where('sk >= :a'), all.slice(i))
      const to = Math.min(i + 3, values.length - 1)
      const between = { ...given, ':b': values[to]! }
      t.deepEqual(
        await indexes(TableName, 'pk = :pk AND sk BETWEEN :a AND :b', between, false),
        [...all.slice(i, to + 1)].reverse(),
      )
    }
  })
}

/** The numbers `i` of the items that a query finds, page by page. */
async function indexes(
  TableName: string,
  KeyConditionExpression: string,
  ExpressionAttributeValues: Record<string, AttributeValue>,
  ScanIndexForward = true,
  Limit?: number,
): Promise<number[]> {
  const found: number[] = []
  let ExclusiveStartKey: Record<string, AttributeValue> | undefined
  do {
    const page = await db.query({
      TableName,
      KeyConditionExpression,
      ExpressionAttributeValues,
      ScanIndexForward,
      Limit,
      ExclusiveStartKey,
    })
    found.push(...page.Items!.map(item => Number(item.i!.N)))
    ExclusiveStartKey = page.LastEvaluatedKey
  } while (ExclusiveStartKey !== undefined)
  return found
}

test('begins_with on strings and binary', async t => {
  const TableName = await makeTable(db, { key: 'pk:S | sk:S' })
  await fill(
    docs,
    TableName,
    STRINGS.map((sk, i) => ({ pk: 'p', sk, i })),
  )
  for (const prefix of ['a', 'z', '1', '🌍', 'q']) {
    const expected = STRINGS.flatMap((sk, i) => (sk.startsWith(prefix) ? [i] : []))
    const given = { ':pk': { S: 'p' }, ':a': { S: prefix } }
    t.deepEqual(await indexes(TableName, 'pk = :pk AND begins_with(sk, :a)', given), expected)
  }
  const binary = await makeTable(db, { key: 'pk:S | sk:B' })
  await fill(
    docs,
    binary,
    BYTES.map((bytes, i) => ({ pk: 'p', sk: new Uint8Array(bytes), i })),
  )
  const starting = async (prefix: number[]) =>
    indexes(binary, 'pk = :pk AND begins_with(sk, :a)', { ':pk': { S: 'p' }, ':a': { B: new Uint8Array(prefix) } })
  t.deepEqual(await starting([255]), [8, 9])
  t.deepEqual(await starting([0]), [0, 1, 2])
  t.deepEqual(await starting([128, 0]), [7])
})

test('Limit counts what is looked at, and a page that it ends has a key to go on from', async t => {
  await fill(
    docs,
    T,
    Array.from({ length: 10 }, (_, i) => ({ pk: 'limit', sk: `${i}`, odd: i % 2 === 1 })),
  )
  const query = {
    TableName: T,
    KeyConditionExpression: 'pk = :pk',
    FilterExpression: 'odd = :odd',
    ExpressionAttributeValues: { ':pk': 'limit', ':odd': true },
  }
  const all = await docs.query(query)
  t.is(all.Count, 5)
  t.is(all.ScannedCount, 10)
  t.is(all.LastEvaluatedKey, undefined)
  const three = await docs.query({ ...query, Limit: 3 })
  t.is(three.Count, 1)
  t.is(three.ScannedCount, 3)
  t.deepEqual(three.LastEvaluatedKey, { pk: 'limit', sk: '2' })
  const none = await docs.query({ ...query, Limit: 1 })
  t.deepEqual([none.Count, none.Items, none.LastEvaluatedKey], [0, [], { pk: 'limit', sk: '0' }])
  // Even if nothing follows.
  const exact = await docs.query({ ...query, Limit: 10 })
  t.deepEqual(exact.LastEvaluatedKey, { pk: 'limit', sk: '9' })
  const rest = await docs.query({ ...query, ExclusiveStartKey: exact.LastEvaluatedKey })
  t.deepEqual([rest.Count, rest.LastEvaluatedKey], [0, undefined])
  const sdk: string[] = []
  for await (const page of paginateQuery({ client: docs, pageSize: 4 }, query))
    sdk.push(...page.Items!.map(item => item.sk))
  t.deepEqual(sdk, ['1', '3', '5', '7', '9'])
})

test('a start key need not be the key of an item', async t => {
  await fill(
    docs,
    T,
    ['b', 'd', 'f'].map(sk => ({ pk: 'start', sk })),
  )
  const from = async (sk: string, ScanIndexForward: boolean) => {
    const { Items } = await docs.query({
      TableName: T,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': 'start' },
      ExclusiveStartKey: { pk: 'start', sk },
      ScanIndexForward,
    })
    return Items!.map(item => item.sk).join('')
  }
  t.is(await from('c', true), 'df')
  t.is(await from('c', false), 'b')
  t.is(await from('d', true), 'f')
  t.is(await from('a', false), '')
})

test('Select and projections', async t => {
  await fill(docs, T, [{ pk: 'select', sk: '1', a: 1, m: { b: 2, c: 3 } }])
  const query = {
    TableName: T,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': 'select' },
  }
  const count = await docs.query({ ...query, Select: 'COUNT' })
  t.deepEqual([count.Count, count.ScannedCount, count.Items], [1, 1, undefined])
  t.deepEqual((await docs.query({ ...query, ProjectionExpression: 'm.c' })).Items, [{ m: { c: 3 } }])
  t.deepEqual((await docs.query({ ...query, ProjectionExpression: 'nothing' })).Items, [{}])
  t.is(
    await invalid(docs.query({ ...query, Select: 'ALL_PROJECTED_ATTRIBUTES' })),
    'ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName',
  )
  t.is(
    await invalid(docs.query({ ...query, Select: 'SPECIFIC_ATTRIBUTES' })),
    '1 validation error detected: Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES',
  )
  t.is(
    await invalid(docs.query({ ...query, Select: 'COUNT', ProjectionExpression: 'a' })),
    'Cannot specify the ProjectionExpression when choosing to get only the Count',
  )
})

type Refused = [problem: string, query: Partial<QueryCommandInput>, values: Record<string, string>, message: string]

const REFUSED: Refused[] = [
  [
    'no condition',
    {},
    {},
    'Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.',
  ],
  [
    'no hash key',
    { KeyConditionExpression: 'sk = :a' },
    { ':a': 'x' },
    'Query condition missed key schema element: pk',
  ],
  ['a range of hash keys', { KeyConditionExpression: 'pk > :a' }, { ':a': 'x' }, 'Query key condition not supported'],
  [
    'OR',
    { KeyConditionExpression: 'pk = :a OR pk = :b' },
    { ':a': 'x', ':b': 'y' },
    'Invalid operator used in KeyConditionExpression: OR',
  ],
  [
    'a function that is none for keys',
    { KeyConditionExpression: 'pk = :a AND contains(sk, :b)' },
    { ':a': 'x', ':b': 'y' },
    'Invalid operator used in KeyConditionExpression: contains',
  ],
  [
    'an attribute beside the key',
    { KeyConditionExpression: 'pk = :a AND another = :b' },
    { ':a': 'x', ':b': 'y' },
    'Query condition missed key schema element: sk',
  ],
  [
    'three conditions',
    { KeyConditionExpression: 'pk = :a AND sk > :a AND sk < :b' },
    { ':a': 'x', ':b': 'y' },
    'KeyConditionExpressions must only contain one condition per key',
  ],
  [
    'an empty key',
    { KeyConditionExpression: 'pk = :a' },
    { ':a': '' },
    'One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk',
  ],
  [
    'a filter on a key',
    { KeyConditionExpression: 'pk = :a', FilterExpression: 'sk = :b' },
    { ':a': 'x', ':b': 'y' },
    'Filter Expression can only contain non-primary key attributes: Primary key attribute: sk',
  ],
  [
    'an unknown index',
    { KeyConditionExpression: 'pk = :a', IndexName: 'nope' },
    { ':a': 'x' },
    'The table does not have the specified index: nope',
  ],
  [
    'a consistent read of a global index',
    { KeyConditionExpression: 'g = :a', IndexName: 'byG', ConsistentRead: true },
    { ':a': 'x' },
    'Consistent reads are not supported on global secondary indexes',
  ],
  [
    'a start key of another hash key',
    { KeyConditionExpression: 'pk = :a', ExclusiveStartKey: { pk: { S: 'z' }, sk: { S: 'z' } } },
    { ':a': 'x' },
    'The provided starting key is outside query boundaries based on provided conditions',
  ],
  [
    'a start key outside the range',
    { KeyConditionExpression: 'pk = :a AND sk < :b', ExclusiveStartKey: { pk: { S: 'x' }, sk: { S: 'z' } } },
    { ':a': 'x', ':b': 'y' },
    'The provided starting key does not match the range key predicate',
  ],
  [
    'a start key with too little in it',
    { KeyConditionExpression: 'pk = :a', ExclusiveStartKey: { pk: { S: 'x' } } },
    { ':a': 'x' },
    'The provided starting key is invalid',
  ],
  [
    'Limit 0',
    { KeyConditionExpression: 'pk = :a', Limit: 0 },
    { ':a': 'x' },
    "1 validation error detected: Value at 'Limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
  ],
]
for (const [problem, query, values, message] of REFUSED) {
  test(`Query refuses ${problem}`, async t => {
    const given = Object.entries(values).map(([name, S]) => [name, { S }])
    const ExpressionAttributeValues = given.length > 0 ? Object.fromEntries(given) : undefined
    t.is(await invalid(db.query({ TableName: T, ExpressionAttributeValues, ...query })), message)
  })
}

test('Query refuses a constant of another type than the key', async t => {
  const request = { TableName: T, KeyConditionExpression: 'pk = :a', ExpressionAttributeValues: { ':a': { N: '1' } } }
  t.is(await invalid(db.query(request)), `${INVALID_PARAMETER}Condition parameter type does not match schema type`)
})
