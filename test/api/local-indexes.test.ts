import test from 'ava'
import { fill, INVALID_PARAMETER, invalid, makeTable, type Plain, sharedTable, startApi } from './api.ts'

const { db, docs } = await startApi()
const T = sharedTable(db, {
  key: 'pk:S | sk:S',
  local: {
    all: { key: 'pk:S | grade:N' },
    keys: { key: 'pk:S | grade:N', project: 'KEYS_ONLY' },
    some: { key: 'pk:S | grade:N', project: ['a'] },
    byName: { key: 'pk:S | name:S', project: ['m'] },
  },
})

/** Six items; `e` and `f` lack the indexes' sort key, `b` and `d` share theirs. */
const ITEMS: Plain[] = [
  { pk: 'p', sk: 'a', grade: 5, a: 'A', b: 'B' },
  { pk: 'p', sk: 'b', grade: 2, a: 'A', b: 'B' },
  { pk: 'p', sk: 'c', grade: -1, a: 'A', b: 'B' },
  { pk: 'p', sk: 'd', grade: 2, a: 'A', b: 'B' },
  { pk: 'p', sk: 'e', a: 'A', b: 'B' },
  { pk: 'p', sk: 'f', name: 'named', m: { x: 1 } },
]
test.serial.before(() => fill(docs, T, ITEMS))

function query(IndexName: string, more: object = {}) {
  return docs.query({
    TableName: T,
    IndexName,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': 'p' },
    ...more,
  })
}

const names = (items: Plain[] | undefined) => items!.map(item => item.sk).join('')

test('an index has the items that have its key, in its order', async t => {
  const { Items, Count } = await query('all', { ConsistentRead: true })
  t.is(Count, 4)
  t.regex(names(Items), /^c(bd|db)a$/)
  t.deepEqual(Items![0], ITEMS[2])
  const backward = await query('all', { ScanIndexForward: false })
  t.is(names(backward.Items), [...names(Items)].reverse().join(''))
})

test('paging passes over equal keys without loss or repetition', async t => {
  const whole = names((await query('all')).Items)
  for (const Limit of [1, 2, 3]) {
    for (const ScanIndexForward of [true, false]) {
      let found = ''
      let ExclusiveStartKey: Plain | undefined
      do {
        const page = await query('all', { Limit, ScanIndexForward, ExclusiveStartKey })
        found += names(page.Items)
        ExclusiveStartKey = page.LastEvaluatedKey
        if (ExclusiveStartKey) t.deepEqual(Object.keys(ExclusiveStartKey).sort(), ['grade', 'pk', 'sk'])
      } while (ExclusiveStartKey)
      t.is(found, ScanIndexForward ? whole : [...whole].reverse().join(''))
    }
  }
})

test('projections of every kind', async t => {
  const first = async (index: string, more?: object) => (await query(index, { Limit: 1, ...more })).Items![0]
  t.deepEqual(await first('keys'), { pk: 'p', sk: 'c', grade: -1 })
  t.deepEqual(await first('some'), { pk: 'p', sk: 'c', grade: -1, a: 'A' })
  t.deepEqual(await first('all'), ITEMS[2])
  t.deepEqual(await first('byName'), ITEMS[5])
})

test('what an index does not carry is fetched from the table', async t => {
  const whole = await query('keys', { Select: 'ALL_ATTRIBUTES' })
  t.deepEqual(whole.Items, (await query('all')).Items)
  const { Items } = await query('some', { ProjectionExpression: 'b, grade' })
  t.deepEqual(Items![0], { b: 'B', grade: -1 })
  const projected = await query('some', { Select: 'ALL_PROJECTED_ATTRIBUTES' })
  t.deepEqual(projected.Items![0], { pk: 'p', sk: 'c', grade: -1, a: 'A' })
})

test('fetching costs what the table charges for each item', async t => {
  const { ConsumedCapacity } = await query('keys', { Select: 'ALL_ATTRIBUTES', ReturnConsumedCapacity: 'INDEXES' })
  t.deepEqual(ConsumedCapacity, {
    TableName: T,
    CapacityUnits: 2.5,
    Table: { CapacityUnits: 2 },
    LocalSecondaryIndexes: { keys: { CapacityUnits: 0.5 } },
  })
})

test('writes move, add and remove the entries of an item at once', async t => {
  const pk = 'moving'
  const where = async () => {
    const { Items } = await query('all', { ConsistentRead: true, ExpressionAttributeValues: { ':pk': pk } })
    return Items!.map(item => item.grade)
  }
  await docs.put({ TableName: T, Item: { pk, sk: 'x' } })
  t.deepEqual(await where(), [])
  const set = (grade: number) =>
    docs.update({
      TableName: T,
      Key: { pk, sk: 'x' },
      UpdateExpression: 'SET #grade = :grade',
      ExpressionAttributeNames: { '#grade': 'grade' },
      ExpressionAttributeValues: { ':grade': grade },
    })
  await set(1)
  t.deepEqual(await where(), [1])
  await set(-7)
  t.deepEqual(await where(), [-7])
  await docs.put({ TableName: T, Item: { pk, sk: 'y', grade: 3 } })
  t.deepEqual(await where(), [-7, 3])
  await docs.put({ TableName: T, Item: { pk, sk: 'x' } })
  t.deepEqual(await where(), [3])
  await docs.delete({ TableName: T, Key: { pk, sk: 'y' } })
  t.deepEqual(await where(), [])
})

test('index keys of the wrong type, or empty, refuse the write', async t => {
  const put = (item: Plain) => invalid(docs.put({ TableName: T, Item: { pk: 'bad', sk: 'x', ...item } }))
  t.is(
    await put({ grade: 'text' }),
    `${INVALID_PARAMETER}Type mismatch for Index Key grade Expected: N Actual: S IndexName: all`,
  )
  t.is(
    await put({ name: '' }),
    'One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: byName, IndexKey: name',
  )
})

test('item collections report their size', async t => {
  const put = { TableName: T, Item: { pk: 'collected', sk: 'x' }, ReturnItemCollectionMetrics: 'SIZE' as const }
  const { ItemCollectionMetrics } = await docs.put(put)
  t.deepEqual(ItemCollectionMetrics, { ItemCollectionKey: { pk: 'collected' }, SizeEstimateRangeGB: [0, 1] })
  const plain = await makeTable(db, { key: 'pk:S | sk:S' })
  t.is((await docs.put({ ...put, TableName: plain })).ItemCollectionMetrics, undefined)
})

test('a filter may not use the keys of the index', async t => {
  t.is(
    await invalid(query('all', { FilterExpression: 'grade > :pk', ExpressionAttributeValues: { ':pk': 'p' } })),
    'Filter Expression can only contain non-primary key attributes: Primary key attribute: grade',
  )
})
