import { randomUUID } from 'node:crypto'
import type { CancellationReason, TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import type { TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb'
import test from 'ava'
import { indexed, invalid, makeTable, type Plain, refusal, sharedTable, startApi } from './api.ts'

const { db, docs } = await startApi()
const A = sharedTable(db, {
  key: 'pk:S | sk:N',
  local: { byL: { key: 'pk:S | l:S' } },
  global: { byG: { key: 'g:S' } },
})
const B = sharedTable(db, { key: 'id:S' })

type Actions = NonNullable<TransactWriteCommandInput['TransactItems']>

const write = (TransactItems: Actions, more: Partial<TransactWriteCommandInput> = {}) =>
  docs.transactWrite({ TransactItems, ...more })
const put = (TableName: string, Item: Plain, more = {}) => ({ Put: { TableName, Item, ...more } })
const IF_NEW = { ConditionExpression: 'attribute_not_exists(#k)' }
const ifNew = (name: string) => ({ ...IF_NEW, ExpressionAttributeNames: { '#k': name } })

async function item(TableName: string, Key: Plain): Promise<Plain | undefined> {
  return (await docs.get({ TableName, Key, ConsistentRead: true })).Item
}

/** The reasons of a transaction that is cancelled. */
async function reasons(request: Promise<unknown>): Promise<CancellationReason[] | string> {
  try {
    await request
    return 'done'
  } catch (error) {
    const { name, message, CancellationReasons } = error as TransactionCanceledException
    if (name !== 'TransactionCanceledException') return `${name}: ${message}`
    const codes = CancellationReasons!.map(({ Code }) => Code).join(', ')
    if (!message.endsWith(`please refer cancellation reasons for specific reasons [${codes}]`)) return message
    return CancellationReasons!
  }
}

test('actions of all kinds, on many items of two tables, are done together', async t => {
  await docs.put({ TableName: A, Item: { pk: 'kinds', sk: 1, n: 1 } })
  await docs.put({ TableName: B, Item: { id: 'kinds', x: 1 } })
  const answer = await write([
    put(A, { pk: 'kinds', sk: 2, g: 'kinds', l: 'z' }),
    {
      Update: {
        TableName: A,
        Key: { pk: 'kinds', sk: 1 },
        UpdateExpression: 'ADD n :one',
        ConditionExpression: 'n = :one',
        ExpressionAttributeValues: { ':one': 1 },
      },
    },
    { Delete: { TableName: B, Key: { id: 'kinds' } } },
    {
      ConditionCheck: {
        TableName: B,
        Key: { id: 'none' },
        ConditionExpression: 'attribute_not_exists(id)',
      },
    },
    ...Array.from({ length: 20 }, (_, i) => put(B, { id: `kinds ${i}` })),
  ])
  t.deepEqual(Object.keys(answer), ['$metadata'])
  t.deepEqual(await item(A, { pk: 'kinds', sk: 2 }), { pk: 'kinds', sk: 2, g: 'kinds', l: 'z' })
  t.deepEqual(await item(A, { pk: 'kinds', sk: 1 }), { pk: 'kinds', sk: 1, n: 2 })
  t.is(await item(B, { id: 'kinds' }), undefined)
  for (let i = 0; i < 20; i++) t.deepEqual(await item(B, { id: `kinds ${i}` }), { id: `kinds ${i}` })
  const local = await docs.query({
    TableName: A,
    IndexName: 'byL',
    KeyConditionExpression: 'pk = :p',
    ExpressionAttributeValues: { ':p': 'kinds' },
  })
  t.deepEqual(local.Items?.length, 1)
  await indexed(docs, A, 'byG', 1)
})

test('one condition that fails cancels all, and every one that fails is told in its place', async t => {
  await docs.put({ TableName: A, Item: { pk: 'cancel', sk: 1, v: 1 } })
  await docs.put({ TableName: B, Item: { id: 'cancel', v: 2 } })
  const failed = { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed' }
  const attempt = write([
    put(B, { id: 'cancel new' }),
    put(A, { pk: 'cancel', sk: 1 }, { ...ifNew('pk'), ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }),
    put(A, { pk: 'cancel', sk: 2 }, ifNew('pk')),
    {
      ConditionCheck: {
        TableName: B,
        Key: { id: 'cancel' },
        ConditionExpression: 'v = :v',
        ExpressionAttributeValues: { ':v': 3 },
      },
    },
    {
      Update: {
        TableName: B,
        Key: { id: 'cancel none' },
        UpdateExpression: 'SET v = v + :v',
        ConditionExpression: 'attribute_exists(id)',
        ExpressionAttributeValues: { ':v': 3 },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      },
    },
  ])
  const none = { Code: 'None' }
  const old = { pk: { S: 'cancel' }, sk: { N: '1' }, v: { N: '1' } }
  // lib-dynamodb leaves errors as they come.
  t.deepEqual(await reasons(attempt), [none, { ...failed, Item: old }, none, failed, failed] as CancellationReason[])
  t.is(await item(B, { id: 'cancel new' }), undefined)
  t.is(await item(A, { pk: 'cancel', sk: 2 }), undefined)
})

test('an action that the item does not fit is a ValidationError, alone', async t => {
  await docs.put({ TableName: B, Item: { id: 'text', n: 'x' } })
  const increment = (id: string) => ({
    Update: {
      TableName: B,
      Key: { id },
      UpdateExpression: 'SET n = n + :one',
      ExpressionAttributeValues: { ':one': 1 },
    },
  })
  const wrong = { Code: 'ValidationError', Message: 'An operand in the update expression has an incorrect data type' }
  const none = { Code: 'None' }
  const actions = [put(A, { pk: 'cancel', sk: 9 }), put(B, { id: 'text' }, ifNew('id')), increment('text 2')]
  const missing = 'The provided expression refers to an attribute that does not exist in the item'
  t.deepEqual(await reasons(write(actions)), [none, none, { Code: 'ValidationError', Message: missing }])
  t.deepEqual(await reasons(write([increment('text'), ...actions.slice(0, 1)])), [wrong, none])
  t.is(await item(A, { pk: 'cancel', sk: 9 }), undefined)
})

test('what does not fit the table is the ValidationError of its action; what fits no table is refused at once', async t => {
  const mismatch = { Code: 'ValidationError', Message: 'The provided key element does not match the schema' }
  const wrongKey = { Delete: { TableName: B, Key: { pk: 'x' } } }
  t.deepEqual(await reasons(write([put(B, { id: 'fits' }), wrongKey])), [{ Code: 'None' }, mismatch])
  const wrongType = await reasons(write([put(A, { pk: 'x', sk: 'text' })]))
  t.like(wrongType, { 0: { Code: 'ValidationError' } })
  const index = await reasons(write([put(B, { id: 'fits' }), put(A, { pk: 'x', sk: 1, g: 5 })]))
  t.regex(
    (index[1] as CancellationReason).Message!,
    /Type mismatch for Index Key g Expected: S Actual: N IndexName: byG/,
  )
  const key = await reasons(
    write([
      {
        Update: {
          TableName: B,
          Key: { id: 'x' },
          UpdateExpression: 'SET id = :v',
          ExpressionAttributeValues: { ':v': 'y' },
        },
      },
    ]),
  )
  t.regex((key[0] as CancellationReason).Message!, /Cannot update attribute id. This attribute is part of the key/)
  t.is(
    await invalid(write([put(B, { id: '' })])),
    'One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: id',
  )
  t.is(
    await invalid(write([put(B, { id: 'x', v: 'x'.repeat(410_000) })])),
    'Item size has exceeded the maximum allowed size',
  )
  t.is(
    await invalid(write([put(B, { id: 'x' }, { ConditionExpression: 'a = :b' })])),
    'Invalid ConditionExpression: An expression attribute value used in expression is not defined; attribute value: :b',
  )
  t.is(await item(B, { id: 'fits' }), undefined)
})

test('the request itself: one action each, one action an item, tables that are there, 4 MB', async t => {
  const one = 'TransactItems can only contain one of Check, Put, Update or Delete'
  t.is(await invalid(write([{}])), one)
  t.is(await invalid(write([{ ...put(B, { id: 'x' }), Delete: { TableName: B, Key: { id: 'x' } } }])), one)
  const twice = 'Transaction request cannot include multiple operations on one item'
  const check = {
    ConditionCheck: { TableName: A, Key: { pk: 'x', sk: 1 }, ConditionExpression: 'attribute_exists(a)' },
  }
  t.is(await invalid(write([put(A, { pk: 'x', sk: 1.0 }), check])), twice)
  t.is(
    await refusal(write([put(B, { id: 'x' }), put('missing', { id: 'x' })])),
    'ResourceNotFoundException: Requested resource not found',
  )
  const big = (count: number) =>
    Array.from({ length: count }, (_, i) => put(B, { id: `big ${i}`, v: 'x'.repeat(380_000) }))
  t.is(await invalid(write(big(12))), 'Transaction request exceeds 4MB')
  await write(big(11))
  t.is((await item(B, { id: 'big 10' }))?.v.length, 380_000)
  t.regex(
    await invalid(write([])),
    /'transactItems' failed to satisfy constraint: Member must have length greater than or equal to 1/,
  )
  t.regex(
    await invalid(write([put(B, { id: 'x' })], { ClientRequestToken: 'x'.repeat(37) })),
    /'clientRequestToken'.*less than or equal to 36/,
  )
})

test('reads see all items at once, in order, and not what is not there', async t => {
  await write([put(A, { pk: 'get', sk: 1, v: [1] }), ...[1, 2, 3].map(i => put(B, { id: `get ${i}`, n: i, m: 'x' }))])
  const { Responses } = await docs.transactGet({
    TransactItems: [
      { Get: { TableName: B, Key: { id: 'get 3' } } },
      { Get: { TableName: B, Key: { id: 'get none' } } },
      { Get: { TableName: A, Key: { pk: 'get', sk: 1 } } },
      { Get: { TableName: B, Key: { id: 'get 1' }, ProjectionExpression: 'n' } },
      { Get: { TableName: B, Key: { id: 'get 2' }, ProjectionExpression: 'nothing' } },
    ],
  })
  t.deepEqual(Responses, [
    { Item: { id: 'get 3', n: 3, m: 'x' } },
    {},
    { Item: { pk: 'get', sk: 1, v: [1] } },
    { Item: { n: 1 } },
    {},
  ])
  const Get = { TableName: B, Key: { id: 'get 1' } }
  t.is(
    await invalid(docs.transactGet({ TransactItems: [{ Get }, { Get }] })),
    'Transaction request cannot include multiple operations on one item',
  )
  const wrong = await reasons(
    docs.transactGet({ TransactItems: [{ Get }, { Get: { TableName: A, Key: { pk: 'x' } } }] }),
  )
  t.deepEqual(wrong, [
    { Code: 'None' },
    { Code: 'ValidationError', Message: 'The provided key element does not match the schema' },
  ])
})

test('capacity: twice the table, indexes once, by table', async t => {
  const TableName = await makeTable(db, { key: 'pk:S', global: { byG: { key: 'g:S', project: 'KEYS_ONLY' } } })
  await docs.put({ TableName, Item: { pk: 'old', v: 'x'.repeat(3000) } })
  const actions: Actions = [
    put(TableName, { pk: 'new', g: 'g', v: 'x'.repeat(1500) }),
    { ConditionCheck: { TableName, Key: { pk: 'old' }, ConditionExpression: 'attribute_exists(pk)' } },
    put(B, { id: 'capacity' }),
  ]
  const ClientRequestToken = randomUUID()
  const units = (n: number, kind = 'Write') => ({ CapacityUnits: n, [`${kind}CapacityUnits`]: n })
  const indexes = await write(actions, { ReturnConsumedCapacity: 'INDEXES', ClientRequestToken })
  t.deepEqual(indexes.ConsumedCapacity, [
    { TableName, ...units(11), Table: units(10), GlobalSecondaryIndexes: { byG: units(1) } },
    { TableName: B, ...units(2), Table: units(2) },
  ])
  const replayed = await write(actions, { ReturnConsumedCapacity: 'TOTAL', ClientRequestToken })
  t.deepEqual(replayed.ConsumedCapacity, [
    { TableName, ...units(4, 'Read') },
    { TableName: B, ...units(2, 'Read') },
  ])
  const read = await docs.transactGet({
    TransactItems: [{ Get: { TableName, Key: { pk: 'none' } } }, { Get: { TableName: B, Key: { id: 'big 1' } } }],
    ReturnConsumedCapacity: 'TOTAL',
  })
  t.like(read.ConsumedCapacity, { 0: { TableName, ...units(2, 'Read') } })
})

test('collections are reported by table', async t => {
  const actions = [
    put(A, { pk: 'c1', sk: 1 }),
    put(A, { pk: 'c1', sk: 2 }),
    put(A, { pk: 'c2', sk: 1 }),
    put(B, { id: 'c' }),
  ]
  const { ItemCollectionMetrics } = await write(actions, { ReturnItemCollectionMetrics: 'SIZE' })
  const metrics = (pk: string) => ({ ItemCollectionKey: { pk }, SizeEstimateRangeGB: [0, 1] })
  t.deepEqual(ItemCollectionMetrics, { [A]: [metrics('c1'), metrics('c2')] })
})

test('an answer means that all is done everywhere: scans see it, and the next write is not in its way', async t => {
  const D = await makeTable(db, { key: 'id:S' })
  const keys = Array.from({ length: 8 }, (_, i) => ({ id: `done ${i}` }))
  for (let turn = 1; turn <= 25; turn++) {
    await write([put(A, { pk: 'done', sk: turn }), ...keys.map(Key => put(D, { ...Key, turn }))])
    const { Items } = await docs.scan({
      TableName: D,
      FilterExpression: 'turn = :t',
      ExpressionAttributeValues: { ':t': turn },
    })
    t.is(Items!.length, keys.length)
    await docs.put({ TableName: D, Item: keys[turn % keys.length]! })
  }
})

test('a token stands for one request: again, and it is not done again; another one is refused', async t => {
  const add = (ids: string[], by = 1): Actions =>
    ids.map(id => ({
      Update: { TableName: B, Key: { id }, UpdateExpression: 'ADD n :n', ExpressionAttributeValues: { ':n': by } },
    }))
  for (const ids of [['one'], ['several 1', 'several 2', 'several 3', 'several 4', 'several 5']]) {
    const ClientRequestToken = randomUUID()
    for (let i = 0; i < 3; i++) await write(add(ids), { ClientRequestToken })
    await write(add(ids), { ClientRequestToken, ReturnConsumedCapacity: 'TOTAL' })
    for (const id of ids) t.is((await item(B, { id }))?.n, 1)
    const others = [add(ids, 2), add(['elsewhere']), [...add(ids), put(A, { pk: 'x', sk: 1 })]]
    for (const other of others) {
      const answer = await refusal(write(other, { ClientRequestToken }))
      t.regex(answer, /^IdempotentParameterMismatchException: /)
    }
    await write(add(ids), { ClientRequestToken: randomUUID() })
    for (const id of ids) t.is((await item(B, { id }))?.n, 2)
  }
  t.is(await item(B, { id: 'elsewhere' }), undefined)
  t.deepEqual((await db.listTables({})).TableNames?.includes('client tokens'), false)
})

test('a token of a cancelled transaction serves the same request again', async t => {
  const ClientRequestToken = randomUUID()
  const actions = [put(B, { id: 'again' }, ifNew('id')), put(A, { pk: 'again', sk: 1 })]
  await docs.put({ TableName: B, Item: { id: 'again' } })
  t.is((await reasons(write(actions, { ClientRequestToken }))).length, 2)
  await docs.delete({ TableName: B, Key: { id: 'again' } })
  await write(actions, { ClientRequestToken })
  await write(actions, { ClientRequestToken })
  t.deepEqual(await item(A, { pk: 'again', sk: 1 }), { pk: 'again', sk: 1 })
})

test('of requests with one token at once, one is done, and all the others hear of it', async t => {
  const ClientRequestToken = randomUUID()
  const ids = ['r1', 'r2', 'r3', 'r4']
  const actions = ids.map(id => ({
    Update: { TableName: B, Key: { id }, UpdateExpression: 'ADD n :n', ExpressionAttributeValues: { ':n': 1 } },
  }))
  const answers = await Promise.all(Array.from({ length: 20 }, () => refusal(write(actions, { ClientRequestToken }))))
  for (const answer of answers) t.regex(answer, /^(done|TransactionInProgressException|TransactionCanceledException)/)
  t.is(await refusal(write(actions, { ClientRequestToken })), 'done')
  for (const id of ids) t.is((await item(B, { id }))?.n, 1)
})

test('transfers at once: sums stay, each read sees one moment, and single writes come between', async t => {
  const accounts = Array.from({ length: 8 }, (_, i) => ({ id: `account ${i}` }))
  for (const Key of accounts) await docs.put({ TableName: B, Item: { ...Key, balance: 100 } })
  let transfers = 0
  let audits = 0
  let going = true
  const add = (Key: Plain, by: number) => ({
    TableName: B,
    Key,
    UpdateExpression: 'ADD balance :by',
    ExpressionAttributeValues: { ':by': by },
  })
  const transferrer = async (seed: number) => {
    for (let turn = 0; going; turn++) {
      const [from, to] = [accounts[(seed + turn) % 8]!, accounts[(seed * 3 + turn * 5 + 1) % 8]!]
      if (from === to) continue
      const answer = await refusal(write([{ Update: add(from, -1) }, { Update: add(to, 1) }]))
      if (answer === 'done') transfers++
      else if (!answer.endsWith('TransactionConflict]') && !/TransactionConflict, /.test(answer)) t.fail(answer)
    }
  }
  const auditor = async () => {
    while (going) {
      try {
        const { Responses } = await docs.transactGet({
          TransactItems: accounts.map(Key => ({ Get: { TableName: B, Key } })),
        })
        t.is(
          Responses!.reduce((sum, { Item }) => sum + Item!.balance, 0),
          800,
        )
        audits++
      } catch (error) {
        t.is((error as Error).name, 'TransactionCanceledException')
      }
      await new Promise(resolve => setTimeout(resolve, 5))
    }
  }
  const work = [1, 2, 3].map(transferrer).concat([auditor()])
  await new Promise(resolve => setTimeout(resolve, 600))
  going = false
  await Promise.all(work)
  const final = await Promise.all(accounts.map(Key => item(B, Key)))
  t.is(
    final.reduce((sum, account) => sum + account!.balance, 0),
    800,
  )
  t.log(`${transfers} transfers, ${audits} audits`)
  t.true(transfers > 0)
})
