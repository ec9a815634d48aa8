import test from 'ava'
import fc from 'fast-check'
import { putItem } from '../../../server/api/PutItem.ts'
import { scan as scanOperation } from '../../../server/api/Scan.ts'
import { type Json, N, S, table, type World, world } from './world.ts'

const KEYS_ONLY = { ProjectionType: 'KEYS_ONLY' as const }
const pets = () =>
  world(
    table('Pets', 'id', { global: { byKind: { key: 'kind', projection: KEYS_ONLY } } }),
    table('Toys', 'owner id', { local: { byPrice: { key: 'owner price:N', projection: KEYS_ONLY } } }),
  )
const PETS = { TableName: 'Pets' }

async function fill({ run }: World, count: number, more: (i: number) => object = () => ({})): Promise<void> {
  for (let i = 0; i < count; i++) await run(putItem, { ...PETS, Item: { id: S(`p${i}`), ...more(i) } })
}

async function scanAll({ run }: World, request: object): Promise<Json[]> {
  const items: Json[] = []
  let ExclusiveStartKey: Json
  do {
    const page = await run(scanOperation, { ...request, ExclusiveStartKey })
    items.push(...page.Items)
    ExclusiveStartKey = page.LastEvaluatedKey
  } while (ExclusiveStartKey)
  return items
}

test('pages and segments together hold every item once', async t => {
  const zoo = pets()
  await fill(zoo, 23)
  const scenario = fc.record({ total: fc.integer({ min: 1, max: 7 }), limit: fc.integer({ min: 1, max: 9 }) })
  await fc.assert(
    fc.asyncProperty(scenario, async ({ total, limit }) => {
      const seen: string[] = []
      for (let segment = 0; segment < total; segment++) {
        const items = await scanAll(zoo, { ...PETS, Limit: limit, Segment: segment, TotalSegments: total })
        seen.push(...items.map(item => item.id.S))
      }
      t.deepEqual(seen.toSorted(), [...Array(23).keys()].map(i => `p${i}`).toSorted())
    }),
    { numRuns: 20 },
  )
})

test('a key of another segment, or of another table', async t => {
  const zoo = pets()
  await fill(zoo, 12)
  const request = { ...PETS, TotalSegments: 2 }
  const foreign = (await zoo.run(scanOperation, { ...request, Segment: 0, Limit: 1 })).LastEvaluatedKey
  t.is(
    await zoo.refusal(scanOperation, { ...request, Segment: 1, ExclusiveStartKey: foreign }),
    'The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. TotalSegments: 2 Segment: 1',
  )
  t.is(
    await zoo.refusal(scanOperation, { ...PETS, ExclusiveStartKey: { kind: S('cat') } }),
    'The provided starting key is invalid: The provided key element does not match the schema',
  )
  t.is(
    await zoo.refusal(scanOperation, { ...PETS, IndexName: 'byKind', ExclusiveStartKey: { id: S('p1') } }),
    'The provided starting key is invalid',
  )
})

test('segments', async t => {
  const { refusal } = pets()
  const scan = (more: object) => refusal(scanOperation, { TableName: 'Nowhere', ...more })
  t.is(
    await scan({ Segment: 0, FilterExpression: '' }),
    'The TotalSegments parameter is required but was not present in the request when Segment parameter is present',
  )
  t.is(
    await scan({ TotalSegments: 4 }),
    'The Segment parameter is required but was not present in the request when parameter TotalSegments is present',
  )
  t.is(
    await scan({ Segment: 5, TotalSegments: 5 }),
    'The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 5 is not less than TotalSegments: 5',
  )
})

test('the order of checks', async t => {
  const { refusal } = pets()
  const scan = (more: object) => refusal(scanOperation, { TableName: 'Nowhere', ...more })
  const filter = { ScanFilter: { a: { ComparisonOperator: 'EQ' } } }
  const start = { ExclusiveStartKey: { a: {} } }
  t.is(
    await scan({ ...filter, AttributesToGet: ['a', 'a'], ...start }),
    'One or more parameter values were invalid: Duplicate value in attribute name: a',
  )
  t.is(
    await scan({ ...filter, ...start }),
    'One or more parameter values were invalid: Invalid number of argument(s) for the EQ ComparisonOperator',
  )
  t.is(
    await scan({ ...start, Segment: 0 }),
    'The provided starting key is invalid: Supplied AttributeValue is empty, must contain exactly one of the supported datatypes',
  )
  t.is(
    await scan({ Select: 'SPECIFIC_ATTRIBUTES' }),
    'Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES',
  )
  t.is(
    await scan({ Limit: 0 }),
    "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
  )
  t.is(await scan({}), 'ResourceNotFoundException: Requested resource not found')
  t.is(
    await refusal(scanOperation, { ...PETS, IndexName: 'nope' }),
    'The table does not have the specified index: nope',
  )
})

test('filters may mention keys; nothing matched still costs', async t => {
  const zoo = pets()
  await fill(zoo, 3, i => ({ data: S('x'.repeat(4000)), n: N(i) }))
  const answer = await zoo.run(scanOperation, {
    ...PETS,
    FilterExpression: 'id = :id OR n = :n',
    ExpressionAttributeValues: { ':id': S('p1'), ':n': N('2.0') },
    ProjectionExpression: 'id',
    ConsistentRead: true,
    ReturnConsumedCapacity: 'TOTAL',
  })
  t.deepEqual(answer.Items.map((item: Json) => item.id.S).toSorted(), ['p1', 'p2'])
  t.deepEqual([answer.Count, answer.ScannedCount, answer.ConsumedCapacity.CapacityUnits], [2, 3, 3])
  const legacy = await zoo.run(scanOperation, {
    ...PETS,
    ScanFilter: { n: { ComparisonOperator: 'GE', AttributeValueList: [N(1)] } },
    Select: 'COUNT',
  })
  t.deepEqual(legacy, { Count: 2, ScannedCount: 3 })
})

test('indexes hold the items that have their keys, page by page', async t => {
  const zoo = pets()
  await fill(zoo, 9, i => (i % 3 === 0 ? { name: S('x') } : { kind: S(i % 2 ? 'cat' : 'dog'), name: S('x') }))
  const items = await scanAll(zoo, { ...PETS, IndexName: 'byKind', Limit: 2 })
  t.deepEqual(items.map(item => item.id.S).toSorted(), ['p1', 'p2', 'p4', 'p5', 'p7', 'p8'])
  t.true(items.every(item => Object.keys(item).toSorted().join() === 'id,kind'))
  const unseen = { ...PETS, IndexName: 'byKind', FilterExpression: 'attribute_exists(#n)' }
  const answer = await zoo.run(scanOperation, { ...unseen, ExpressionAttributeNames: { '#n': 'name' } })
  t.deepEqual([answer.Count, answer.ScannedCount], [0, 6])
})

test('a local index fetches what it does not carry', async t => {
  const zoo = pets()
  const Item = { owner: S('p1'), id: S('ball'), price: N(3), colour: S('red') }
  await zoo.run(putItem, { TableName: 'Toys', Item })
  const scan = { TableName: 'Toys', IndexName: 'byPrice' }
  t.deepEqual((await zoo.run(scanOperation, { ...scan, Select: 'ALL_ATTRIBUTES' })).Items, [Item])
  t.deepEqual((await zoo.run(scanOperation, { ...scan, AttributesToGet: ['colour'] })).Items, [{ colour: S('red') }])
  const last = await zoo.run(scanOperation, { ...scan, Limit: 1 })
  t.deepEqual(last.LastEvaluatedKey, { owner: S('p1'), id: S('ball'), price: N(3) })
})
