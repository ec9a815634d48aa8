import test from 'ava'
import { executeStatement } from '../../../server/api/ExecuteStatement.ts'
import { executeTransaction } from '../../../server/api/ExecuteTransaction.ts'
import type { DynamoError } from '../../../server/model/errors.ts'
import { N, S, table, type World, world } from './world.ts'

function given(): World {
  return world(table('T', 'pk'), table('R', 'pk sk:N', { global: { byG: { key: 'g' } } }))
}

const statements = (...texts: (string | { Statement: string; [more: string]: unknown })[]) => ({
  TransactStatements: texts.map(text => (typeof text === 'string' ? { Statement: text } : text)),
})

const run = (w: World, ...texts: Parameters<typeof statements>) => w.run(executeTransaction, statements(...texts))
const refused = (w: World, ...texts: Parameters<typeof statements>) =>
  w.refusal(executeTransaction, statements(...texts))
const items = async (w: World, name: string) =>
  (await w.run(executeStatement, { Statement: `SELECT * FROM ${name}` })).Items

test('writes of all kinds and checks, as one', async t => {
  const w = given()
  await run(w, `INSERT INTO T VALUE {'pk': 'a', 'n': 1}`, `INSERT INTO R VALUE {'pk': 'b', 'sk': 1}`)
  const all = [
    { Statement: `UPDATE T SET n = n + ? WHERE pk = 'a' AND n = 1`, Parameters: [N(5)] },
    `DELETE FROM R WHERE pk = 'b' AND sk = 1`,
    `INSERT INTO T VALUE {'pk': 'c'}`,
    `EXISTS(SELECT * FROM T WHERE pk = 'd' AND n IS MISSING)`,
  ]
  // There is no `d` that could miss anything.
  t.regex(await refused(w, ...all), /\[None, None, None, ConditionalCheckFailed\]$/)
  t.deepEqual(await items(w, 'T'), [{ pk: S('a'), n: N(1) }])
  t.deepEqual(await items(w, 'R'), [{ pk: S('b'), sk: N(1) }])

  await run(w, `INSERT INTO T VALUE {'pk': 'd'}`)
  t.deepEqual(await run(w, ...all), { Responses: [{}, {}, {}, {}] })
  const left = await items(w, 'T')
  t.is(left.length, 3)
  t.deepEqual(await w.run(executeStatement, { Statement: `SELECT n FROM T WHERE pk = 'a'` }), { Items: [{ n: N(6) }] })
  t.deepEqual(await items(w, 'R'), [])
})

test('an INSERT that meets an item has a reason of its own', async t => {
  const w = given()
  await run(w, `INSERT INTO T VALUE {'pk': 'a', 'n': 1}`)
  const error = (await run(
    w,
    `INSERT INTO T VALUE {'pk': 'b'}`,
    { Statement: `INSERT INTO T VALUE {'pk': 'a'}`, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' },
    `UPDATE T SET n = 1 WHERE pk = 'c'`,
  ).catch(thrown => thrown)) as DynamoError
  t.is(error.code, 'TransactionCanceledException')
  t.is(
    error.message,
    'Transaction cancelled, please refer cancellation reasons for specific reasons [None, DuplicateItem, ConditionalCheckFailed]',
  )
  t.deepEqual(error.members!.CancellationReasons as unknown, [
    { Code: 'None' },
    { Code: 'DuplicateItem', Message: 'Duplicate primary key exists in table' },
    { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed' },
  ])
  t.deepEqual(await items(w, 'T'), [{ pk: S('a'), n: N(1) }])
})

test('the item that failed a condition comes along on demand', async t => {
  const w = given()
  await run(w, `INSERT INTO T VALUE {'pk': 'a', 'n': 1}`)
  const ReturnValuesOnConditionCheckFailure = 'ALL_OLD'
  for (const Statement of [
    `DELETE FROM T WHERE pk = 'a' AND n = 2`,
    `UPDATE T SET n = 3 WHERE pk = 'a' AND n = 2`,
    `EXISTS(SELECT * FROM T WHERE pk = 'a' AND n = 2)`,
  ]) {
    const error = await run(w, { Statement, ReturnValuesOnConditionCheckFailure }).catch(thrown => thrown)
    t.deepEqual(error.members.CancellationReasons[0].Item, { pk: S('a'), n: N(1) }, Statement)
  }
})

test('reads: by whole keys, in order, with conditions and paths', async t => {
  const w = given()
  await run(w, `INSERT INTO T VALUE {'pk': 'a', 'm': {'x': 1}}`, `INSERT INTO R VALUE {'pk': 'b', 'sk': 1, 'n': 2}`)
  const request = statements(
    `SELECT m.x FROM T WHERE pk = 'a'`,
    `SELECT * FROM R WHERE sk = 1 AND pk = 'b' AND n > 1`,
    `SELECT * FROM R WHERE sk = 2 AND pk = 'b'`,
    `SELECT * FROM T WHERE pk = 'z'`,
  )
  t.deepEqual(await w.run(executeTransaction, { ...request, ReturnConsumedCapacity: 'TOTAL' }), {
    Responses: [{ Item: { x: N(1) } }, { Item: { pk: S('b'), sk: N(1), n: N(2) } }, {}, {}],
    ConsumedCapacity: [
      { TableName: 'T', CapacityUnits: 4, ReadCapacityUnits: 4 },
      { TableName: 'R', CapacityUnits: 4, ReadCapacityUnits: 4 },
    ],
  })
})

test('writes cost twice on the table, and once on indexes', async t => {
  const w = given()
  const request = statements(
    `INSERT INTO R VALUE {'pk': 'b', 'sk': 1, 'g': 'x'}`,
    `INSERT INTO R VALUE {'pk': 'b', 'sk': 2}`,
  )
  const { ConsumedCapacity } = await w.run(executeTransaction, { ...request, ReturnConsumedCapacity: 'INDEXES' })
  t.deepEqual(ConsumedCapacity, [
    {
      TableName: 'R',
      CapacityUnits: 5,
      WriteCapacityUnits: 5,
      Table: { CapacityUnits: 4, WriteCapacityUnits: 4 },
      GlobalSecondaryIndexes: { byG: { CapacityUnits: 1, WriteCapacityUnits: 1 } },
    },
  ])
})

test('a token stands for the statements', async t => {
  const w = given()
  const request = (text: string) => ({ ...statements(text), ClientRequestToken: 'token' })
  const insert = `INSERT INTO T VALUE {'pk': 'a'}`
  await w.run(executeTransaction, request(insert))
  t.deepEqual(await w.run(executeTransaction, { ...request(insert), ReturnConsumedCapacity: 'NONE' }), {
    Responses: [{}],
  })
  t.is(
    await w.refusal(executeTransaction, request(`INSERT INTO T VALUE {'pk': 'b'}`)),
    'IdempotentParameterMismatchException: differs',
  )
})

test('what transactions do not do', async t => {
  const w = given()
  t.is(
    await refused(w, `SELECT * FROM T WHERE pk = 'a'`, `DELETE FROM T WHERE pk = 'b'`),
    'ExecuteTransaction API does not support both read and write operations in the same request.',
  )
  t.is(
    await refused(w, `SELECT * FROM T WHERE pk = 'a'`, `EXISTS(SELECT * FROM T WHERE pk = 'b' AND n = 1)`),
    'ExecuteTransaction API does not support both read and write operations in the same request.',
  )
  t.is(
    await refused(w, `DELETE FROM T WHERE pk = 'b'`, `DELETE FROM T WHERE pk = 'a' RETURNING ALL OLD *`),
    'Validation failed in TransactStatements[1]: RETURNING clause is not supported in ExecuteTransaction.',
  )
  t.is(
    await refused(w, `SELECT * FROM R.byG WHERE g = 'b'`),
    'Validation failed in TransactStatements[0]: Reads on indices are not supported within transactions.',
  )
  const reason = async (Statement: string) => {
    const error = await run(w, Statement).catch(thrown => thrown)
    const [{ Code, Message }] = error.members.CancellationReasons
    return `${Code}: ${Message}`
  }
  t.is(
    await reason(`SELECT * FROM R WHERE pk = 'b'`),
    'ValidationError: Select statements within ExecuteTransaction must specify the primary key in the where clause.',
  )
  t.is(
    await reason(`EXISTS(SELECT * FROM R WHERE pk = 'b' AND n = 1)`),
    'ValidationError: Where clause does not contain a mandatory equality on all key attributes',
  )
  t.regex(await reason(`EXISTS(SELECT * FROM T WHERE pk = 'b')`), /^ValidationError: EXISTS must have a condition/)
  t.is(
    await refused(w, `INSERT INTO T VALUE {'pk': 'a'}`, `EXISTS(SELECT * FROM T WHERE pk = 'a' AND n = 1)`),
    'Transaction request cannot include multiple operations on one item',
  )
  t.is(await refused(w, `DELETE FROM X WHERE pk = 'a'`), 'ResourceNotFoundException: Requested resource not found')
  t.regex(await refused(w, 'DELETE T'), /^Statement wasn't well formed/)
  t.regex(await refused(w), /'transactStatements' failed to satisfy constraint: Member must have length greater than/)
  const big = { S: 'x'.repeat(300_000) }
  const inserts = Array.from({ length: 15 }, (_, i) => ({
    Statement: `INSERT INTO T VALUE {'pk': '${i}', 'x': ?}`,
    Parameters: [big],
  }))
  t.is(await refused(w, ...inserts), 'Transaction request exceeds 4MB')
})
