import test from 'ava'
import { deleteItem } from '../../../server/api/DeleteItem.ts'
import { getItem } from '../../../server/api/GetItem.ts'
import { putItem } from '../../../server/api/PutItem.ts'
import { updateItem } from '../../../server/api/UpdateItem.ts'
import { type Json, N, S, table, world } from './world.ts'

const TABLE = { TableName: 'Users' }
const users = () => world(table('Users', 'pk'))

test('an item comes back as it was put, numbers normalised', async t => {
  const { run } = users()
  const item = { pk: S('a'), n: N('01.50'), ['__proto__']: S('p'), m: { M: { l: { L: [N('-0'), { NULL: true }] } } } }
  t.deepEqual(await run(putItem, { ...TABLE, Item: item }), {})
  const { Item } = await run(getItem, { ...TABLE, Key: { pk: S('a') } })
  t.deepEqual(Item, { ...item, n: N('1.5'), m: { M: { l: { L: [N(0), { NULL: true }] } } } })
})

test('no item, no Item; an empty projection is an empty Item', async t => {
  const { run } = users()
  t.deepEqual(await run(getItem, { ...TABLE, Key: { pk: S('a') } }), {})
  await run(putItem, { ...TABLE, Item: { pk: S('a'), x: { M: { y: N(1), z: N(2) } } } })
  const get = (projection: object) => run(getItem, { ...TABLE, Key: { pk: S('a') }, ...projection })
  t.deepEqual(await get({ ProjectionExpression: 'nothing' }), { Item: {} })
  t.deepEqual(await get({ ProjectionExpression: 'x.z' }), { Item: { x: { M: { z: N(2) } } } })
  t.deepEqual(await get({ AttributesToGet: ['pk'] }), { Item: { pk: S('a') } })
})

test('returned values', async t => {
  const { run } = users()
  const Key = { pk: S('a') }
  const put = (v: number) => run(putItem, { ...TABLE, Item: { ...Key, v: N(v) }, ReturnValues: 'ALL_OLD' })
  t.deepEqual(await put(1), {})
  t.deepEqual(await put(2), { Attributes: { ...Key, v: N(1) } })
  const update = { ...TABLE, Key, UpdateExpression: 'ADD v :one', ExpressionAttributeValues: { ':one': N(1) } }
  t.deepEqual(await run(updateItem, { ...update, ReturnValues: 'UPDATED_NEW' }), { Attributes: { v: N(3) } })
  t.deepEqual(await run(updateItem, { ...update, ReturnValues: 'ALL_NEW' }), { Attributes: { ...Key, v: N(4) } })
  t.deepEqual(await run(updateItem, update), {})
  t.deepEqual(await run(deleteItem, { ...TABLE, Key, ReturnValues: 'ALL_OLD' }), { Attributes: { ...Key, v: N(5) } })
  t.deepEqual(await run(deleteItem, { ...TABLE, Key, ReturnValues: 'ALL_OLD' }), {})
})

test('conditions, in both forms', async t => {
  const { run, refusal } = users()
  const put = { ...TABLE, Item: { pk: S('a'), v: N(1) } }
  const failed = 'ConditionalCheckFailedException: The conditional request failed'
  await run(putItem, { ...put, ConditionExpression: 'attribute_not_exists(pk)' })
  t.is(await refusal(putItem, { ...put, ConditionExpression: 'attribute_not_exists(pk)' }), failed)
  t.is(await refusal(putItem, { ...put, Expected: { pk: { Exists: false } } }), failed)
  await run(putItem, { ...put, Expected: { v: { Value: N('1.0') } } })
  const error = await t.throwsAsync<Error & { members: Json }>(
    run(deleteItem, {
      ...TABLE,
      Key: { pk: S('a') },
      ConditionExpression: 'v > :v',
      ExpressionAttributeValues: { ':v': N(1) },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    }),
  )
  t.deepEqual(error.members, { Item: { pk: S('a'), v: N(1) } })
  await run(deleteItem, { ...TABLE, Key: { pk: S('a') }, Expected: { v: { ComparisonOperator: 'NOT_NULL' } } })
  t.deepEqual(await run(getItem, { ...TABLE, Key: { pk: S('a') } }), {})
})

test('legacy updates', async t => {
  const { run, refusal } = users()
  const Key = { pk: S('a') }
  await run(updateItem, { ...TABLE, Key, AttributeUpdates: { gone: { Action: 'DELETE' } } })
  t.deepEqual(await run(getItem, { ...TABLE, Key }), {})
  await run(updateItem, {
    ...TABLE,
    Key,
    AttributeUpdates: { n: { Action: 'ADD', Value: N(2) }, s: { Value: S('x') } },
  })
  t.deepEqual(await run(getItem, { ...TABLE, Key }), { Item: { ...Key, n: N(2), s: S('x') } })
  t.is(
    await refusal(updateItem, { ...TABLE, Key, AttributeUpdates: { pk: { Value: S('b') } } }),
    'One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key',
  )
})

test('an update without anything creates the key alone', async t => {
  const { run } = users()
  await run(updateItem, { ...TABLE, Key: { pk: S('a') }, AttributeUpdates: {} })
  t.deepEqual(await run(getItem, { ...TABLE, Key: { pk: S('a') } }), { Item: { pk: S('a') } })
})

const BAD_SET = { SS: [] }
const MIXED = { ConditionExpression: 'a = a', Expected: {}, ReturnValues: 'ALL_NEW' }

test('PutItem: the order of checks', async t => {
  const { refusal } = users()
  const missing = { TableName: 'Nowhere' }
  const huge = { pk: S('a'), big: S('x'.repeat(409_600)) }
  const put = (request: object) => refusal(putItem, { ...missing, ...request })
  t.regex(
    await put({ Item: { a: BAD_SET }, ...MIXED }),
    /^1 validation error detected: Can not use both .* \{Expected\}/,
  )
  t.is(
    await put({ Item: { a: BAD_SET }, ReturnValues: 'ALL_NEW' }),
    '1 validation error detected: One or more parameter values were invalid: An string set  may not be empty',
  )
  t.is(
    await put({ Item: huge, ReturnValues: 'ALL_NEW', ConditionExpression: '' }),
    '1 validation error detected: ReturnValues can only be ALL_OLD or NONE',
  )
  t.is(await put({ Item: huge, ConditionExpression: '' }), 'Item size has exceeded the maximum allowed size')
  t.is(
    await put({ Item: {}, ConditionExpression: '' }),
    '1 validation error detected: Invalid ConditionExpression: The expression can not be empty;',
  )
  t.is(
    await put({ Item: {}, ExpressionAttributeValues: { ':v': N(1) } }),
    '1 validation error detected: ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null',
  )
  t.is(
    await put({ Item: { a: {} } }),
    'Supplied AttributeValue is empty, must contain exactly one of the supported datatypes',
  )
  t.is(await put({ Item: {} }), 'ResourceNotFoundException: Requested resource not found')
  t.is(
    await refusal(putItem, { ...TABLE, Item: {} }),
    'One or more parameter values were invalid: Missing the key pk in the item',
  )
  t.is(
    await refusal(putItem, { ...TABLE, Item: { pk: S('a') }, ConditionExpression: 'attribute_exists(pk.a)' }),
    "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk",
  )
})

test('an invalid table name stands alone on PutItem and UpdateItem', async t => {
  const { refusal } = users()
  const request = { TableName: 'a!', ReturnConsumedCapacity: 'X' }
  const alone = /^1 validation error detected: Value 'a!' at 'tableName'/
  t.regex(await refusal(putItem, { ...request, Item: {} }), alone)
  t.regex(await refusal(updateItem, { ...request, Key: {} }), alone)
  t.regex(await refusal(getItem, { ...request, Key: {} }), /^2 validation errors detected: /)
})

test('GetItem, DeleteItem and UpdateItem: the order of checks', async t => {
  const { refusal } = users()
  const missing = { TableName: 'Nowhere', Key: { pk: BAD_SET } }
  const set = 'One or more parameter values were invalid: An string set  may not be empty'
  t.regex(
    await refusal(getItem, { ...missing, AttributesToGet: ['a', 'a'], ProjectionExpression: '' }),
    /^Can not use both .*\{AttributesToGet\} Expression parameters: \{ProjectionExpression\}$/,
  )
  t.is(await refusal(getItem, { ...missing, AttributesToGet: ['a', 'a'] }), set)
  t.is(
    await refusal(getItem, { TableName: 'Nowhere', Key: {}, AttributesToGet: ['a', 'a'] }),
    'One or more parameter values were invalid: Duplicate value in attribute name: a',
  )
  t.is(await refusal(deleteItem, { ...missing, ...MIXED }), 'ReturnValues can only be ALL_OLD or NONE')
  t.is(await refusal(deleteItem, { ...missing, ConditionExpression: '' }), set)
  t.is(
    await refusal(updateItem, { ...missing, UpdateExpression: 'SET a', ReturnValues: 'ALL_NEW' }),
    `1 validation error detected: ${set}`,
  )
  t.regex(
    await refusal(updateItem, { TableName: 'Nowhere', Key: {}, UpdateExpression: 'SET a' }),
    /^1 validation error detected: Invalid UpdateExpression: Syntax error/,
  )
  const mismatch = 'The provided key element does not match the schema'
  for (const operation of [getItem, deleteItem, updateItem]) {
    t.is(await refusal(operation, { ...TABLE, Key: { other: S('a') } }), mismatch)
    t.is(await refusal(operation, { ...TABLE, Key: { pk: N(1) } }), mismatch)
  }
})

test('index keys are scalars, and of their type', async t => {
  const { refusal } = world(table('Users', 'pk', { global: { byMail: { key: 'mail' } } }))
  t.is(
    await refusal(updateItem, { ...TABLE, Key: { pk: S('a') }, UpdateExpression: 'REMOVE mail.a' }),
    "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: IndexKey: mail",
  )
  t.is(
    await refusal(putItem, { ...TABLE, Item: { pk: S('a'), mail: N(1) } }),
    'One or more parameter values were invalid: Type mismatch for Index Key mail Expected: S Actual: N IndexName: byMail',
  )
})

test('consumed capacity of the worked example', async t => {
  const keysOnly = { ProjectionType: 'KEYS_ONLY' as const }
  const { run } = world(table('Tab', 'pk', { global: { byG: { key: 'g', projection: keysOnly } }, local: {} }))
  const put = (bytes: number, g: string, report = 'INDEXES') =>
    run(putItem, {
      TableName: 'arn:aws:dynamodb:us-east-1:123456789012:table/Tab',
      Item: { pk: S('k'), g: S(g), data: S('x'.repeat(bytes)) },
      ReturnConsumedCapacity: report,
    })
  await put(3090, 'g')
  const TableName = 'arn:aws:dynamodb:us-east-1:123456789012:table/Tab'
  t.deepEqual((await put(1500, 'g')).ConsumedCapacity, { TableName, CapacityUnits: 4, Table: { CapacityUnits: 4 } })
  await put(3090, 'g')
  t.deepEqual((await put(1500, 'h')).ConsumedCapacity, {
    TableName,
    CapacityUnits: 6,
    Table: { CapacityUnits: 4 },
    GlobalSecondaryIndexes: { byG: { CapacityUnits: 2 } },
  })
  t.deepEqual((await put(1500, 'g', 'TOTAL')).ConsumedCapacity, { TableName, CapacityUnits: 4 })
  t.deepEqual(await put(1500, 'g', 'NONE'), {})
  const get = (ConsistentRead: boolean, key: string) =>
    run(getItem, { TableName: 'Tab', Key: { pk: S(key) }, ConsistentRead, ReturnConsumedCapacity: 'TOTAL' })
  await put(4090, 'g')
  t.is((await get(true, 'k')).ConsumedCapacity.CapacityUnits, 2)
  t.is((await get(false, 'k')).ConsumedCapacity.CapacityUnits, 1)
  t.deepEqual(await get(false, 'none'), { ConsumedCapacity: { TableName: 'Tab', CapacityUnits: 0.5 } })
})

test('item collection metrics, for tables with local indexes', async t => {
  const { run, ballast } = world(table('Lab', 'pk sk', { local: { bySize: { key: 'pk size' } } }), table('Users', 'pk'))
  const size = { ReturnItemCollectionMetrics: 'SIZE' }
  const put = { TableName: 'Lab', Item: { pk: S('a'), sk: S('b') }, ...size }
  t.deepEqual(await run(putItem, put), {
    ItemCollectionMetrics: { ItemCollectionKey: { pk: S('a') }, SizeEstimateRangeGB: [0, 1] },
  })
  ballast.bytes = 2.5 * 2 ** 30
  const { ItemCollectionMetrics } = await run(deleteItem, { TableName: 'Lab', Key: put.Item, ...size })
  t.deepEqual(ItemCollectionMetrics.SizeEstimateRangeGB, [0, 3])
  t.deepEqual(await run(putItem, { ...TABLE, Item: { pk: S('a') }, ...size }), {})
})
