import type { ReturnConsumedCapacity } from '@aws-sdk/client-dynamodb'
import test from 'ava'
import { fill, type Plain, sharedTable, startApi } from './api.ts'

const { db, docs } = await startApi()
const T = sharedTable(db, {
  key: 'pk:S | sk:N',
  local: { local: { key: 'pk:S | l:N', project: 'KEYS_ONLY' } },
  global: { keys: { key: 'g:S', project: 'KEYS_ONLY' }, whole: { key: 'h:S' } },
})

const INDEXES = { ReturnConsumedCapacity: 'INDEXES' as ReturnConsumedCapacity }
const TOTAL = { ReturnConsumedCapacity: 'TOTAL' as ReturnConsumedCapacity }
const text = (length: number) => 'x'.repeat(length)

async function put(item: Plain) {
  return (await docs.put({ TableName: T, Item: item, ...INDEXES })).ConsumedCapacity
}

test('nothing is reported unless asked for', async t => {
  t.is((await docs.put({ TableName: T, Item: { pk: 'none', sk: 1 } })).ConsumedCapacity, undefined)
  const none = await docs.get({ TableName: T, Key: { pk: 'none', sk: 1 }, ReturnConsumedCapacity: 'NONE' })
  t.is(none.ConsumedCapacity, undefined)
})

test('reads: 4 KB each, half of it eventually consistent', async t => {
  // The names and keys take 10 bytes of each.
  const sizes = [1, 4096 - 10, 4096 - 9, 8192 - 10, 8192 - 9]
  await fill(
    docs,
    T,
    sizes.map((size, sk) => ({ pk: 'get', sk: sk + 1, v: text(size) })),
  )
  const get = async (sk: number, ConsistentRead: boolean) =>
    (await docs.get({ TableName: T, Key: { pk: 'get', sk }, ConsistentRead, ...TOTAL })).ConsumedCapacity
  const strong = await Promise.all(sizes.map((_, i) => get(i + 1, true)))
  t.deepEqual(
    strong.map(capacity => capacity?.CapacityUnits),
    [1, 1, 2, 2, 3],
  )
  const eventual = await Promise.all(sizes.map((_, i) => get(i + 1, false)))
  t.deepEqual(
    eventual.map(capacity => capacity?.CapacityUnits),
    [0.5, 0.5, 1, 1, 1.5],
  )
  t.deepEqual(await get(99, true), { TableName: T, CapacityUnits: 1 })
  t.deepEqual(await get(99, false), { TableName: T, CapacityUnits: 0.5 })
})

test('writes: 1 KB each, of the larger of old and new', async t => {
  t.deepEqual(await put({ pk: 'put', sk: 1 }), { TableName: T, CapacityUnits: 1, Table: { CapacityUnits: 1 } })
  t.is((await put({ pk: 'put', sk: 1, v: text(3100) }))?.CapacityUnits, 4)
  t.is((await put({ pk: 'put', sk: 1, v: text(1500) }))?.CapacityUnits, 4)
  t.is((await put({ pk: 'put', sk: 1, v: text(1500) }))?.CapacityUnits, 2)
  const Key = { pk: 'put', sk: 1 }
  const update = await docs.update({
    TableName: T,
    Key,
    UpdateExpression: 'SET v = :v',
    ExpressionAttributeValues: { ':v': 'small' },
    ...TOTAL,
  })
  t.deepEqual(update.ConsumedCapacity, { TableName: T, CapacityUnits: 2 })
  await put({ ...Key, v: text(5000) })
  t.is((await docs.delete({ TableName: T, Key, ...TOTAL })).ConsumedCapacity?.CapacityUnits, 5)
  t.is((await docs.delete({ TableName: T, Key, ...TOTAL })).ConsumedCapacity?.CapacityUnits, 1)
})

test('indexes: only those that a write touches are charged and shown', async t => {
  const item = { pk: 'index', sk: 1, v: text(3100) }
  t.deepEqual(await put({ ...item, g: 'a' }), {
    TableName: T,
    CapacityUnits: 5,
    Table: { CapacityUnits: 4 },
    GlobalSecondaryIndexes: { keys: { CapacityUnits: 1 } },
  })
  // What changes is not projected.
  t.deepEqual(await put({ ...item, g: 'a', other: 1 }), {
    TableName: T,
    CapacityUnits: 4,
    Table: { CapacityUnits: 4 },
  })
  // Another index key: the old entry goes, the new one comes.
  t.is((await put({ ...item, g: 'b', other: 1 }))?.CapacityUnits, 6)
  t.deepEqual(await put({ ...item, h: 'x', l: 5 }), {
    TableName: T,
    CapacityUnits: 10,
    Table: { CapacityUnits: 4 },
    GlobalSecondaryIndexes: { keys: { CapacityUnits: 1 }, whole: { CapacityUnits: 4 } },
    LocalSecondaryIndexes: { local: { CapacityUnits: 1 } },
  })
  // The same key, a changed projection: the larger of both.
  t.deepEqual((await put({ ...item, h: 'x', l: 5, v: 'small' }))?.GlobalSecondaryIndexes, {
    whole: { CapacityUnits: 4 },
  })
  const { ConsumedCapacity } = await docs.delete({ TableName: T, Key: { pk: 'index', sk: 1 }, ...TOTAL })
  t.deepEqual(ConsumedCapacity, { TableName: T, CapacityUnits: 3 })
})

test('Query and Scan: the page is summed up, then rounded', async t => {
  await fill(
    docs,
    T,
    [1, 2, 3].map(sk => ({ pk: 'page', sk, g: 'page', v: text(1990) })),
  )
  const query = {
    TableName: T,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': 'page' },
  }
  const units = async (more: object) => (await docs.query({ ...query, ...more, ...TOTAL })).ConsumedCapacity
  t.deepEqual(await units({}), { TableName: T, CapacityUnits: 1 })
  t.is((await units({ ConsistentRead: true }))?.CapacityUnits, 2)
  t.is((await units({ Limit: 2, ConsistentRead: true }))?.CapacityUnits, 1)
  t.is((await units({ ConsistentRead: true, Select: 'COUNT' }))?.CapacityUnits, 2)
  t.is((await units({ ConsistentRead: true, ProjectionExpression: 'sk' }))?.CapacityUnits, 2)
  const empty = { ExpressionAttributeValues: { ':pk': 'nobody' } }
  t.is((await units({ ...empty, ConsistentRead: true }))?.CapacityUnits, 1)
  t.is((await units(empty))?.CapacityUnits, 0.5)
  const index = await docs.query({
    TableName: T,
    IndexName: 'keys',
    KeyConditionExpression: 'g = :g',
    ExpressionAttributeValues: { ':g': 'page' },
    ...INDEXES,
  })
  t.deepEqual(index.ConsumedCapacity, {
    TableName: T,
    CapacityUnits: 0.5,
    Table: { CapacityUnits: 0 },
    GlobalSecondaryIndexes: { keys: { CapacityUnits: 0.5 } },
  })
})
