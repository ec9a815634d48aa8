import type { WriteRequest } from '@aws-sdk/client-dynamodb'
import test from 'ava'
import { fill, INVALID_PARAMETER, invalid, makeTable, type Plain, refusal, sharedTable, startApi } from './api.ts'

const { db, docs } = await startApi()
const T = sharedTable(db, { key: 'pk:S | sk:N' })
const U = sharedTable(db, { key: 'id:B' })
const range = (n: number) => Array.from({ length: n }, (_, i) => i)
const bytes = (n: number) => new Uint8Array([n])

test('a batch writes to, deletes from and reads several tables', async t => {
  const put = (Item: Plain) => ({ PutRequest: { Item } })
  const first = await docs.batchWrite({
    RequestItems: {
      [T]: range(10).map(sk => put({ pk: 'several', sk, v: sk * 2 })),
      [U]: range(15).map(n => put({ id: bytes(n), n })),
    },
  })
  t.deepEqual(first.UnprocessedItems, {})
  await docs.batchWrite({
    RequestItems: {
      [T]: [{ DeleteRequest: { Key: { pk: 'several', sk: 3 } } }, put({ pk: 'several', sk: 4, v: 'new' })],
      [U]: [{ DeleteRequest: { Key: { id: bytes(3) } } }, { DeleteRequest: { Key: { id: bytes(99) } } }],
    },
  })
  const read = await docs.batchGet({
    RequestItems: {
      [T]: { Keys: range(6).map(sk => ({ pk: 'several', sk })), ConsistentRead: true },
      [U]: { Keys: range(5).map(n => ({ id: bytes(n) })), ProjectionExpression: 'n' },
    },
  })
  t.deepEqual(read.UnprocessedKeys, {})
  t.deepEqual(
    read.Responses![T]!.sort((a, b) => a.sk - b.sk),
    [
      { pk: 'several', sk: 0, v: 0 },
      { pk: 'several', sk: 1, v: 2 },
      { pk: 'several', sk: 2, v: 4 },
      { pk: 'several', sk: 4, v: 'new' },
      { pk: 'several', sk: 5, v: 10 },
    ],
  )
  t.deepEqual(read.Responses![U]!.map(item => item.n).sort(), [0, 1, 2, 4])
})

test('every requested table is in the answer, if only with nothing', async t => {
  const { Responses } = await docs.batchGet({ RequestItems: { [T]: { Keys: [{ pk: 'nothing', sk: 0 }] } } })
  t.deepEqual(Responses, { [T]: [] })
})

test('a hundred keys are read, a hundred and one are not', async t => {
  await fill(
    docs,
    T,
    range(100).map(sk => ({ pk: 'hundred', sk })),
  )
  const get = (n: number) =>
    docs.batchGet({ RequestItems: { [T]: { Keys: range(n).map(sk => ({ pk: 'hundred', sk })) } } })
  t.is((await get(100)).Responses![T]!.length, 100)
  t.regex(await invalid(get(101)), /Member must have length less than or equal to 100$/)
  const over = {
    [T]: { Keys: range(60).map(sk => ({ pk: 'a', sk })) },
    [U]: { Keys: range(41).map(n => ({ id: bytes(n) })) },
  }
  t.is(await invalid(docs.batchGet({ RequestItems: over })), 'Too many items requested for the BatchGetItem call')
})

test('25 writes are done, 26 are not', async t => {
  const write = (n: number) =>
    docs.batchWrite({ RequestItems: { [T]: range(n).map(sk => ({ PutRequest: { Item: { pk: 'many', sk } } })) } })
  await write(25)
  t.regex(
    await invalid(write(26)),
    /at 'requestItems' failed to satisfy constraint: Map value must satisfy constraint: \[Member must have length less than or equal to 25, Member must have length greater than or equal to 1\]$/,
  )
  const over = {
    [T]: range(20).map(sk => ({ PutRequest: { Item: { pk: 'over', sk } } })),
    [U]: range(6).map(n => ({ PutRequest: { Item: { id: bytes(n + 50) } } })),
  }
  t.is(await invalid(docs.batchWrite({ RequestItems: over })), 'Too many items requested for the BatchWriteItem call')
  t.is((await docs.get({ TableName: T, Key: { pk: 'over', sk: 0 } })).Item, undefined)
})

const DUPLICATES = 'Provided list of item keys contains duplicates'

test('no item twice in one batch', async t => {
  const item = { pk: { S: 'twice' }, sk: { N: '1000' } }
  const same = { pk: { S: 'twice' }, sk: { N: '1e3' } }
  const write = (...requests: WriteRequest[]) => invalid(db.batchWriteItem({ RequestItems: { [T]: requests } }))
  t.is(await write({ PutRequest: { Item: item } }, { PutRequest: { Item: item } }), DUPLICATES)
  t.is(await write({ PutRequest: { Item: item } }, { DeleteRequest: { Key: same } }), DUPLICATES)
  const get = (...Keys: (typeof item)[]) => invalid(db.batchGetItem({ RequestItems: { [T]: { Keys } } }))
  t.is(await get(item, item), DUPLICATES)
  // Here numbers are compared as they are written.
  t.is(await get(item, same), 'done')
})

test('one wrong request fails the whole batch', async t => {
  const good = { PutRequest: { Item: { pk: { S: 'whole' }, sk: { N: '1' } } } }
  const batch = (request: WriteRequest, table = T) =>
    refusal(
      db.batchWriteItem({
        RequestItems: { [T]: table === T ? [good, request] : [good], ...(table === T ? {} : { [table]: [request] }) },
      }),
    )
  const mismatch = 'ValidationException: The provided key element does not match the schema'
  t.is(await batch({ PutRequest: { Item: { pk: { S: 'x' } } } }), mismatch)
  t.is(await batch({ DeleteRequest: { Key: { pk: { S: 'x' }, sk: { S: '1' } } } }), mismatch)
  t.is(
    await batch({ PutRequest: { Item: { pk: { S: '' }, sk: { N: '1' } } } }),
    'ValidationException: One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk',
  )
  t.is(
    await batch({ PutRequest: { Item: { pk: { S: 'a' }, sk: { N: '2' }, set: { SS: [] } } } }),
    `ValidationException: ${INVALID_PARAMETER}An string set  may not be empty`,
  )
  t.is(
    await batch({ PutRequest: { Item: { pk: { S: 'a' }, sk: { N: '2' }, big: { S: 'x'.repeat(409_600) } } } }),
    'ValidationException: Item size has exceeded the maximum allowed size',
  )
  t.is(await batch(good, 'nowhere'), 'ResourceNotFoundException: Requested resource not found')
  t.is(
    await batch({}),
    'ValidationException: Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes',
  )
  t.is((await docs.get({ TableName: T, Key: { pk: 'whole', sk: 1 } })).Item, undefined)
})

test('an empty batch is refused', async t => {
  t.is(await invalid(db.batchGetItem({ RequestItems: {} })), 'The requestItems parameter is required for BatchGetItem')
  t.is(
    await invalid(db.batchWriteItem({ RequestItems: {} })),
    'The requestItems parameter is required for BatchWriteItem',
  )
})

test('reads beyond 16 MB are for the next request', async t => {
  const TableName = await makeTable(db, { key: 'pk:S' })
  const big = 'x'.repeat(390_000)
  const pks = range(50).map(i => `big-${i}`)
  for (let i = 0; i < pks.length; i += 25)
    await Promise.all(pks.slice(i, i + 25).map(pk => docs.put({ TableName, Item: { pk, big } })))
  const found: string[] = []
  const sizes: number[] = []
  let RequestItems: Record<string, { Keys?: Plain[] }> | undefined = { [TableName]: { Keys: pks.map(pk => ({ pk })) } }
  while (RequestItems && Object.keys(RequestItems).length > 0) {
    const page = await docs.batchGet({ RequestItems: RequestItems as never })
    const items: Plain[] = page.Responses![TableName]!
    sizes.push(items.length)
    found.push(...items.map(item => item.pk))
    RequestItems = page.UnprocessedKeys as typeof RequestItems
  }
  t.deepEqual(found.sort(), [...pks].sort())
  // 43 items of 390,000 bytes and a bit fit into 16 MB.
  t.deepEqual(sizes, [43, 7])
})

test('capacity is counted per table', async t => {
  const write = await docs.batchWrite({
    RequestItems: {
      [T]: [
        { PutRequest: { Item: { pk: 'units', sk: 1, v: 'x'.repeat(1500) } } },
        { DeleteRequest: { Key: { pk: 'units', sk: 2 } } },
      ],
      [U]: [{ PutRequest: { Item: { id: bytes(200) } } }],
    },
    ReturnConsumedCapacity: 'TOTAL',
  })
  const byName = (list: { TableName?: string; CapacityUnits?: number }[] | undefined) =>
    Object.fromEntries(list!.map(({ TableName, CapacityUnits }) => [TableName, CapacityUnits]))
  t.deepEqual(byName(write.ConsumedCapacity), { [T]: 3, [U]: 1 })
  const read = await docs.batchGet({
    RequestItems: {
      [T]: {
        Keys: [
          { pk: 'units', sk: 1 },
          { pk: 'units', sk: 2 },
        ],
      },
      [U]: { Keys: [{ id: bytes(200) }], ConsistentRead: true },
    },
    ReturnConsumedCapacity: 'TOTAL',
  })
  t.deepEqual(byName(read.ConsumedCapacity), { [T]: 1, [U]: 1 })
})
