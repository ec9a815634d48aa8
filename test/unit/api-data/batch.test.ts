import test from 'ava'
import { batchGetItem } from '../../../server/api/BatchGetItem.ts'
import { batchWriteItem } from '../../../server/api/BatchWriteItem.ts'
import { getItem } from '../../../server/api/GetItem.ts'
import { putItem } from '../../../server/api/PutItem.ts'
import { dynamo } from '../../../server/model/errors.ts'
import { type Json, N, S, table, world } from './world.ts'

const PETS_ARN = 'arn:aws:dynamodb:us-east-1:123456789012:table/Pets'
const shop = () =>
  world(
    table('Pets', 'id'),
    table('Prices', 'id:N', { global: { byName: { key: 'name' } } }),
    table('Toys', 'owner id', { local: { byPrice: { key: 'owner price:N' } } }),
  )
const id = (text: string) => ({ id: S(text) })
const put = (Item: object) => ({ PutRequest: { Item } })
const remove = (Key: object) => ({ DeleteRequest: { Key } })
const THROTTLED = dynamo('ProvisionedThroughputExceededException', 'slow down')
const DUPLICATES = 'Provided list of item keys contains duplicates'
const MISMATCH = 'The provided key element does not match the schema'

test('reads over several tables, with a projection for each', async t => {
  const { run } = shop()
  await run(putItem, { TableName: 'Pets', Item: { ...id('a'), data: S('x') } })
  await run(putItem, { TableName: 'Pets', Item: { ...id('b'), data: S('x'.repeat(5000)) } })
  await run(putItem, { TableName: 'Prices', Item: { id: N(7), name: S('y') } })
  const answer = await run(batchGetItem, {
    RequestItems: {
      [PETS_ARN]: { Keys: [id('a'), id('none'), id('b')], ProjectionExpression: 'id' },
      Prices: { Keys: [{ id: N('7.0') }, { id: N(8) }], ConsistentRead: true },
      Toys: { Keys: [{ owner: S('a'), id: S('b') }] },
    },
    ReturnConsumedCapacity: 'TOTAL',
  })
  t.deepEqual(answer, {
    Responses: { Pets: [id('a'), id('b')], Prices: [{ id: N(7), name: S('y') }], Toys: [] },
    UnprocessedKeys: {},
    ConsumedCapacity: [
      { TableName: PETS_ARN, CapacityUnits: 2 },
      { TableName: 'Prices', CapacityUnits: 2 },
      { TableName: 'Toys', CapacityUnits: 0.5 },
    ],
  })
})

test('sixteen megabytes of items, and the rest as a request', async t => {
  const { run } = shop()
  const ids = [...Array(43).keys()].map(i => id(`p${i}`))
  for (const key of ids) await run(putItem, { TableName: 'Pets', Item: { ...key, data: S('x'.repeat(400_000)) } })
  const request = { Pets: { Keys: ids, ProjectionExpression: '#i', ExpressionAttributeNames: { '#i': 'id' } } }
  const first = await run(batchGetItem, { RequestItems: request, ReturnConsumedCapacity: 'TOTAL' })
  t.deepEqual(first.Responses.Pets, ids.slice(0, 41))
  t.deepEqual(first.UnprocessedKeys, { Pets: { ...request.Pets, Keys: ids.slice(41) } })
  t.is(first.ConsumedCapacity[0].CapacityUnits, 41 * 49)
  const second = await run(batchGetItem, { RequestItems: first.UnprocessedKeys })
  t.deepEqual(second, { Responses: { Pets: ids.slice(41) }, UnprocessedKeys: {} })
})

test('what is throttled is unprocessed, unless that is everything', async t => {
  const { run, refusal, faults, telemetry } = shop()
  for (const key of ['a', 'b']) await run(putItem, { TableName: 'Pets', Item: id(key) })
  faults.set('a', THROTTLED)
  const Keys = [id('a'), id('b')]
  const read = await run(batchGetItem, { RequestItems: { Pets: { Keys, ConsistentRead: true } } })
  t.deepEqual(read, {
    Responses: { Pets: [id('b')] },
    UnprocessedKeys: { Pets: { Keys: [id('a')], ConsistentRead: true } },
  })
  const requests = [put({ ...id('a'), n: N(1) }), put({ ...id('b'), n: N('2.0') })]
  const write = await run(batchWriteItem, { RequestItems: { [PETS_ARN]: requests } })
  t.deepEqual(write, { UnprocessedItems: { [PETS_ARN]: [requests[0]] } })
  t.deepEqual((await run(getItem, { TableName: 'Pets', Key: id('b') })).Item, { ...id('b'), n: N(2) })
  const throttled = 'ProvisionedThroughputExceededException: slow down'
  t.is(await refusal(batchGetItem, { RequestItems: { Pets: { Keys: [id('a')] } } }), throttled)
  t.is(await refusal(batchWriteItem, { RequestItems: { Pets: [remove(id('a'))] } }), throttled)
  faults.set('a', dynamo('TransactionConflictException', 'Transaction is ongoing for the item'))
  t.deepEqual(await run(batchWriteItem, { RequestItems: { Pets: [remove(id('a'))] } }), {
    UnprocessedItems: { Pets: [remove(id('a'))] },
  })
  const pets = telemetry.all().find(({ name }) => name === 'Pets')
  t.like(pets, { readThrottleEvents: 2, writeThrottleEvents: 2, transactionConflicts: 1 })
})

test('writes in several tables, what they cost, and their collections', async t => {
  const { run } = shop()
  await run(putItem, { TableName: 'Prices', Item: { id: N(1), name: S('old') } })
  const toy = (owner: string, name: string) => put({ owner: S(owner), id: S(name), price: N(1) })
  const answer = await run(batchWriteItem, {
    RequestItems: { Toys: [toy('a', 'x'), toy('a', 'y'), toy('b', 'x')], Prices: [remove({ id: N(1) })] },
    ReturnConsumedCapacity: 'INDEXES',
    ReturnItemCollectionMetrics: 'SIZE',
  })
  const metrics = (owner: string) => ({ ItemCollectionKey: { owner: S(owner) }, SizeEstimateRangeGB: [0, 1] })
  t.deepEqual(answer, {
    UnprocessedItems: {},
    ItemCollectionMetrics: { Toys: [metrics('a'), metrics('b')] },
    ConsumedCapacity: [
      {
        TableName: 'Toys',
        CapacityUnits: 6,
        Table: { CapacityUnits: 3 },
        LocalSecondaryIndexes: { byPrice: { CapacityUnits: 3 } },
      },
      {
        TableName: 'Prices',
        CapacityUnits: 2,
        Table: { CapacityUnits: 1 },
        GlobalSecondaryIndexes: { byName: { CapacityUnits: 1 } },
      },
    ],
  })
  t.deepEqual(await run(getItem, { TableName: 'Prices', Key: { id: N(1) } }), {})
})

test('duplicates: by text when reading, by value when writing', async t => {
  const { refusal } = shop()
  const keys = (...Keys: object[]) => refusal(batchGetItem, { RequestItems: { Prices: { Keys } } })
  t.is(await keys({ id: N(1000) }, { id: N('1e3') }), 'none')
  t.is(await keys({ id: N(1000) }, { id: N(1000) }), DUPLICATES)
  const toys = [
    { owner: S('a'), id: S('b') },
    { id: S('b'), owner: S('a') },
  ]
  t.is(await refusal(batchGetItem, { RequestItems: { Toys: { Keys: toys } } }), DUPLICATES)
  const write = (...requests: object[]) => refusal(batchWriteItem, { RequestItems: { Prices: requests } })
  t.is(await write(put({ id: N(1000) }), remove({ id: N('1e3') })), DUPLICATES)
  t.is(await write(put({ id: N(1) }), put({ id: N(2) })), 'none')
})

test('BatchGetItem: limits and the order of checks', async t => {
  const { refusal } = shop()
  const get = (RequestItems?: Json) => refusal(batchGetItem, { RequestItems })
  const keys = (count: number) => [...Array(count).keys()].map(i => id(`k${i}`))
  t.is(await get(), 'The requestItems parameter is required for BatchGetItem')
  t.is(await get({}), 'The requestItems parameter is required for BatchGetItem')
  t.regex(
    await get({ 'a!': { Keys: keys(1) } }),
    /at 'requestItems' failed to satisfy constraint: Map keys must satisfy/,
  )
  t.is(
    await get({ Nowhere: { Keys: keys(101) } }),
    "1 validation error detected: Value at 'RequestItems.Nowhere.member.Keys' failed to satisfy constraint: Member must have length less than or equal to 100",
  )
  t.is(
    await get({ Nowhere: { Keys: keys(60) }, Pets: { Keys: keys(41) } }),
    'Too many items requested for the BatchGetItem call',
  )
  t.regex(
    await get({ Nowhere: { Keys: [] } }),
    /^1 validation error detected: Value '\[\]' at 'requestItems.Nowhere.member.keys' failed/,
  )
  t.regex(
    await get({ Nowhere: { Keys: [{ id: { SS: [] } }], AttributesToGet: ['a'], ProjectionExpression: 'b' } }),
    /^Can not use both/,
  )
  t.regex(
    await get({ Nowhere: { Keys: [{ id: { SS: [] } }], ProjectionExpression: '' } }),
    /An string set {2}may not be empty$/,
  )
  t.is(
    await get({ Nowhere: { Keys: [id('a'), id('a')], ProjectionExpression: '' } }),
    'Invalid ProjectionExpression: The expression can not be empty;',
  )
  t.is(await get({ Nowhere: { Keys: [id('a'), id('a')] } }), DUPLICATES)
  t.is(await get({ Pets: { Keys: [{ no: S('a') }] }, Nowhere: { Keys: [id('a')] } }), MISMATCH)
  t.is(
    await get({ Pets: { Keys: [id('a')] }, Nowhere: { Keys: [id('a')] } }),
    'ResourceNotFoundException: Requested resource not found',
  )
})

test('BatchWriteItem: limits and the order of checks', async t => {
  const { refusal, run } = shop()
  const write = (RequestItems?: Json) => refusal(batchWriteItem, { RequestItems })
  const puts = (count: number) => [...Array(count).keys()].map(i => put(id(`k${i}`)))
  t.is(await write(), 'The requestItems parameter is required for BatchWriteItem')
  t.is(await write({}), 'The requestItems parameter is required for BatchWriteItem')
  t.regex(
    await write({ Nowhere: puts(26) }),
    /^1 validation error detected: Value '\{Nowhere=\[WriteRequest\(.+\)\]\}' at 'requestItems' failed to satisfy constraint: Map value must satisfy constraint: \[Member must have length less than or equal to 25, Member must have length greater than or equal to 1\]$/,
  )
  t.is(await write({ Nowhere: puts(13), Pets: puts(13) }), 'Too many items requested for the BatchWriteItem call')
  const both =
    'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes'
  t.is(await write({ Nowhere: [{}] }), both)
  t.is(await write({ Nowhere: [{ ...put(id('a')), ...remove(id('a')) }] }), both)
  t.is(
    await write({ Nowhere: [put({ big: S('x'.repeat(410_000)) })] }),
    'Item size has exceeded the maximum allowed size',
  )
  t.is(await write({ Nowhere: puts(1) }), 'ResourceNotFoundException: Requested resource not found')
  t.is(await write({ Pets: [put({ other: S('a') })] }), MISMATCH)
  t.is(await write({ Pets: [put({ id: N(1) })] }), MISMATCH)
  t.is(await write({ Pets: [remove({ id: S('a'), more: S('b') })] }), MISMATCH)
  t.regex(
    await write({ Prices: [put({ id: N(1) }), put({ id: N(2), name: N(3) })] }),
    /Type mismatch for Index Key name Expected: S Actual: N IndexName: byName$/,
  )
  t.deepEqual(await run(getItem, { TableName: 'Prices', Key: { id: N(1) } }), {}, 'nothing of a refused batch is done')
})
