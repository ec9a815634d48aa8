import { randomUUID } from 'node:crypto'
import test from 'ava'
import { makeTable, refusal, sharedTable, startApi } from './api.ts'

const { db, docs } = await startApi()
const T = sharedTable(db, { key: 'pk:S' })

const statements = (...texts: string[]) => ({ TransactStatements: texts.map(Statement => ({ Statement })) })
const item = async (pk: string) => (await docs.get({ TableName: T, Key: { pk }, ConsistentRead: true })).Item

test('writes on several tables, all or none', async t => {
  const U = await makeTable(db, { key: 'pk:S | sk:N' })
  await docs.put({ TableName: T, Item: { pk: 'all', n: 1 } })
  const transaction = {
    TransactStatements: [
      { Statement: `UPDATE "${T}" SET n = n + ? WHERE pk = 'all' AND n = 1`, Parameters: [1] },
      { Statement: `INSERT INTO "${U}" VALUE {'pk': 'all', 'sk': ?}`, Parameters: [1] },
      { Statement: `EXISTS(SELECT * FROM "${T}" WHERE pk = 'guard' AND "open" = true)` },
    ],
  }
  const refused = await docs.executeTransaction(transaction).catch(thrown => thrown)
  t.is(refused.name, 'TransactionCanceledException')
  t.deepEqual(
    refused.CancellationReasons.map(({ Code }: { Code: string }) => Code),
    ['None', 'None', 'ConditionalCheckFailed'],
  )
  t.deepEqual(await item('all'), { pk: 'all', n: 1 })
  await docs.put({ TableName: T, Item: { pk: 'guard', open: true } })
  await docs.executeTransaction(transaction)
  t.deepEqual(await item('all'), { pk: 'all', n: 2 })
  t.deepEqual((await docs.scan({ TableName: U })).Items, [{ pk: 'all', sk: 1 }])
})

test('an INSERT that meets an item', async t => {
  await docs.put({ TableName: T, Item: { pk: 'there' } })
  const inserts = statements(`INSERT INTO "${T}" VALUE {'pk': 'new'}`, `INSERT INTO "${T}" VALUE {'pk': 'there'}`)
  const error = await db.executeTransaction(inserts).catch(thrown => thrown)
  t.is(
    error.message,
    'Transaction cancelled, please refer cancellation reasons for specific reasons [None, DuplicateItem]',
  )
  t.deepEqual(error.CancellationReasons, [
    { Code: 'None' },
    { Code: 'DuplicateItem', Message: 'Duplicate primary key exists in table' },
  ])
  t.is(await item('new'), undefined)
})

test('reads, in order', async t => {
  await docs.put({ TableName: T, Item: { pk: 'read', m: { x: 1 } } })
  const { Responses, ConsumedCapacity } = await docs.executeTransaction({
    ...statements(`SELECT m.x FROM "${T}" WHERE pk = 'read'`, `SELECT * FROM "${T}" WHERE pk = 'unread'`),
    ReturnConsumedCapacity: 'TOTAL',
  })
  t.deepEqual(Responses, [{ Item: { x: 1 } }, {}])
  t.is(ConsumedCapacity?.[0]?.CapacityUnits, 4)
})

test('a token: done once, and for one request', async t => {
  const ClientRequestToken = randomUUID()
  await docs.put({ TableName: T, Item: { pk: 'token', n: 1 } })
  const update = statements(`UPDATE "${T}" SET n = n + 1 WHERE pk = 'token'`)
  await db.executeTransaction({ ...update, ClientRequestToken })
  await db.executeTransaction({ ...update, ClientRequestToken, ReturnConsumedCapacity: 'TOTAL' })
  t.deepEqual(await item('token'), { pk: 'token', n: 2 })
  const other = statements(`UPDATE "${T}" SET n = n + 2 WHERE pk = 'token'`)
  t.regex(
    await refusal(db.executeTransaction({ ...other, ClientRequestToken })),
    /^IdempotentParameterMismatchException/,
  )
})

test('what is refused before anything is done', async t => {
  const run = (...texts: string[]) => refusal(db.executeTransaction(statements(...texts)))
  t.is(
    await run(`SELECT * FROM "${T}" WHERE pk = 'a'`, `DELETE FROM "${T}" WHERE pk = 'b'`),
    'ValidationException: ExecuteTransaction API does not support both read and write operations in the same request.',
  )
  t.is(
    await run(`DELETE FROM "${T}" WHERE pk = 'a'`, `INSERT INTO "${T}" VALUE {'pk': 'a'}`),
    'ValidationException: Transaction request cannot include multiple operations on one item',
  )
  t.is(await run(`DELETE FROM nowhere WHERE pk = 'a'`), 'ResourceNotFoundException: Requested resource not found')
})
