import test from 'ava'
import { batchExecuteStatement } from '../../../server/api/BatchExecuteStatement.ts'
import { executeStatement } from '../../../server/api/ExecuteStatement.ts'
import { dynamo } from '../../../server/model/errors.ts'
import { type Json, N, S, table, type World, world } from './world.ts'

function given(): World {
  return world(
    table('T', 'pk'),
    table('R', 'pk sk:N', {
      local: { byN: { key: 'pk n:N', projection: { ProjectionType: 'KEYS_ONLY' } } },
      global: { byG: { key: 'g n:N', projection: { ProjectionType: 'KEYS_ONLY' } }, new: { key: 'g', creating: true } },
    }),
  )
}

const run = (w: World, Statement: string, more: object = {}) => w.run(executeStatement, { Statement, ...more })
const refused = (w: World, Statement: string, more: object = {}) => w.refusal(executeStatement, { Statement, ...more })
const batch = (w: World, texts: (string | object)[], more: object = {}) =>
  w.run(batchExecuteStatement, {
    Statements: texts.map(text => (typeof text === 'string' ? { Statement: text } : text)),
    ...more,
  })

/** Items (a, 1) to (a, 4) and (b, 1) to (b, 4); `n` counts down. */
async function filled(): Promise<World> {
  const w = given()
  for (const pk of ['a', 'b']) {
    for (const sk of [1, 2, 3, 4]) {
      await run(w, `INSERT INTO R VALUE {'pk': '${pk}', 'sk': ${sk}, 'n': ${10 - sk}, 'g': 'g', 'x': 'y'}`)
    }
  }
  return w
}

async function pages(w: World, Statement: string, Limit: number): Promise<Json[][]> {
  const found: Json[][] = []
  let NextToken: string | undefined
  do {
    const page = await run(w, Statement, { Limit, NextToken })
    found.push(page.Items)
    NextToken = page.NextToken
  } while (NextToken !== undefined)
  return found
}

test('a SELECT of several partition keys, page by page', async t => {
  const w = await filled()
  const keys = (items: Json[]) => items.map(({ pk, sk }) => pk.S + sk.N).join(' ')
  const shown = async (rest: string, limit: number) => (await pages(w, `SELECT * FROM R ${rest}`, limit)).map(keys)
  t.deepEqual(await shown(`WHERE pk IN ['b', 'a'] AND sk > 1`, 2), ['b2 b3', 'b4 a2', 'a3 a4', ''])
  t.deepEqual(await shown(`WHERE pk IN ['b', 'a'] ORDER BY sk DESC`, 3), ['b4 a4 b3', 'a3 b2 a2', 'b1 a1'])
  t.deepEqual(await shown(`WHERE pk IN ['b', 'a'] AND x = 'z'`, 5), ['', ''])
  const byN = (rest: string) => pages(w, `SELECT pk, sk FROM R.byN ${rest}`, 3).then(all => all.map(keys))
  t.deepEqual(await byN(`WHERE pk IN ['b', 'a'] ORDER BY n`), ['b4 a4 b3', 'a3 b2 a2', 'b1 a1'])
  t.deepEqual(
    await byN(`WHERE pk IN ['b', 'a'] ORDER BY n DESC, pk`),
    ['a1 b1 a2', 'b2 a3 b3', 'a4 b4', ''].slice(0, 3),
  )
})

test('NextToken is bound to its statement and parameters', async t => {
  const w = await filled()
  const Statement = 'SELECT * FROM R WHERE pk = ?'
  const { NextToken, LastEvaluatedKey } = await run(w, Statement, { Parameters: [S('a')], Limit: 1 })
  t.deepEqual(LastEvaluatedKey, { pk: S('a'), sk: N(1) })
  const more = { Parameters: [S('a')], NextToken }
  t.is((await run(w, Statement, more)).Items.length, 3)
  t.is(await refused(w, Statement, { ...more, Parameters: [S('b')] }), 'NextToken does not match request')
  t.is(await refused(w, `${Statement} AND sk > 1`, more), 'NextToken does not match request')
  t.is(await refused(w, `DELETE FROM R WHERE pk = ? AND sk = 1`, more), 'NextToken does not match request')
  for (const token of ['x', '***', `${NextToken}=`, `${NextToken} `]) {
    t.is(await refused(w, Statement, { ...more, NextToken: token }), 'Invalid NextToken')
  }
  const forged = Buffer.concat([Buffer.from(NextToken, 'base64url').subarray(0, 18), Buffer.of(1, 2, 3)])
  t.is(await refused(w, Statement, { ...more, NextToken: forged.toString('base64url') }), 'Invalid NextToken')
})

test('indexes: what they can and cannot answer', async t => {
  const w = await filled()
  t.is(await refused(w, 'SELECT * FROM R.byX'), 'The table does not have the specified index')
  t.is(
    await refused(w, `SELECT * FROM R.byG WHERE g = 'g'`, { ConsistentRead: true }),
    'Strongly consistent read is not supported on Global Secondary Indexes',
  )
  t.is(await refused(w, `SELECT x, y.z FROM R.byG WHERE g = 'g'`), 'Global secondary index byG does not project [x, y]')
  for (const index of ['byG', 'byN']) {
    t.is(
      await refused(w, `SELECT * FROM R.${index} WHERE x = 'y'`),
      `Secondary index ${index} does not project one or more filter attributes: [x]`,
    )
  }
  t.is(await refused(w, 'SELECT * FROM R.new'), 'Cannot read from backfilling global secondary index: new')
  const { Items, ConsumedCapacity } = await run(w, `SELECT x FROM R.byN WHERE pk = 'a' AND n < 8`, {
    ReturnConsumedCapacity: 'INDEXES',
  })
  t.deepEqual(Items, [{ x: S('y') }, { x: S('y') }])
  t.deepEqual(ConsumedCapacity, {
    TableName: 'R',
    CapacityUnits: 1.5,
    Table: { CapacityUnits: 1 },
    LocalSecondaryIndexes: { byN: { CapacityUnits: 0.5 } },
  })
})

test('writes: the key, and what stands in the way', async t => {
  const w = await filled()
  const noKey = 'Where clause does not contain a mandatory equality on all key attributes'
  for (const text of [
    'DELETE FROM R',
    `UPDATE R SET x = 1 WHERE pk = 'a'`,
    `DELETE FROM R WHERE pk = 'a' AND sk > 1`,
  ]) {
    t.is(await refused(w, text), noKey)
  }
  t.is(
    await refused(w, `UPDATE R SET sk = 1 WHERE pk = 'a' AND sk = 1`),
    'One or more parameter values were invalid: Cannot update attribute sk. This attribute is part of the key',
  )
  t.is(await refused(w, 'DELETE FROM T WHERE pk = 5'), 'The provided key element does not match the schema')
  t.is(
    await refused(w, `INSERT INTO R VALUE {'pk': 'a', 'sk': 1}`),
    'DuplicateItemException: Duplicate primary key exists in table',
  )
  t.is(
    await refused(w, `UPDATE T SET x = 1 WHERE pk = 'none'`),
    'ConditionalCheckFailedException: The conditional request failed',
  )
  t.deepEqual(await run(w, `DELETE FROM T WHERE pk = 'none'`), { Items: [] })
  t.is(await refused(w, `EXISTS(SELECT * FROM T WHERE pk = 'a')`), 'EXISTS is only supported in ExecuteTransaction.')
  t.is(
    await refused(w, `INSERT INTO T VALUE {'pk': 'a', 'x': ?}`, { Parameters: [S('x'.repeat(409_600))] }),
    'Item size has exceeded the maximum allowed size',
  )
})

test('an update may fill an item to the last byte', async t => {
  const w = given()
  await run(w, `INSERT INTO T VALUE {'pk': 'a'}`)
  const room = 409_600 - 'pk'.length - 'a'.length - 'x'.length
  const update = `UPDATE T SET x = ? WHERE pk = 'a'`
  t.is(
    await refused(w, update, { Parameters: [S('x'.repeat(room + 1))] }),
    'Item size to update has exceeded the maximum allowed size',
  )
  t.deepEqual(await run(w, update, { Parameters: [S('x'.repeat(room))] }), { Items: [] })
})

test('a batch of reads: items in order, errors by themselves', async t => {
  const w = await filled()
  const answer = await batch(
    w,
    [
      `SELECT n FROM R WHERE pk = 'a' AND sk = 1`,
      `SELECT * FROM R WHERE pk = 'a' AND sk = 9`,
      `SELECT * FROM R WHERE pk = 'a' AND sk = 2 AND n = 0`,
      `SELECT * FROM R WHERE pk = 'a'`,
      `SELECT * FROM R.byG WHERE g = 'g' AND n = 9`,
      `SELECT * FROM X WHERE pk = 'a'`,
      'SELECT',
      { Statement: 'SELECT n FROM R WHERE pk = ? AND sk = ?', Parameters: [S('b'), N(1)], ConsistentRead: true },
    ],
    { ReturnConsumedCapacity: 'TOTAL' },
  )
  const keyMissing = {
    Error: {
      Code: 'ValidationError',
      Message: 'Select statements within BatchExecuteStatement must specify the primary key in the where clause.',
    },
  }
  t.deepEqual(answer, {
    Responses: [
      { TableName: 'R', Item: { n: N(9) } },
      { TableName: 'R' },
      { TableName: 'R' },
      keyMissing,
      keyMissing,
      { TableName: 'X', Error: { Code: 'ResourceNotFound', Message: 'Requested resource not found' } },
      {
        Error: {
          Code: 'ValidationError',
          Message: "Statement wasn't well formed, can't be processed: Unexpected term",
        },
      },
      { TableName: 'R', Item: { n: N(9) } },
    ],
    ConsumedCapacity: [{ TableName: 'R', CapacityUnits: 2.5 }],
  })
})

test('a batch of writes: each by itself', async t => {
  const w = await filled()
  w.faults.set('slow', dynamo('ThrottlingException', 'Too fast'))
  w.faults.set('held', dynamo('TransactionConflictException', 'Transaction is ongoing for the item'))
  const failing = `DELETE FROM R WHERE pk = 'a' AND sk = 2 AND n = 0`
  const { Responses } = await batch(w, [
    `INSERT INTO R VALUE {'pk': 'c', 'sk': 1}`,
    `INSERT INTO R VALUE {'pk': 'a', 'sk': 1}`,
    { Statement: failing, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' },
    `UPDATE R SET x = 1 WHERE pk = 'a' AND sk = 3 RETURNING MODIFIED NEW *`,
    `INSERT INTO T VALUE {'pk': 'slow'}`,
    `INSERT INTO T VALUE {'pk': 'held'}`,
  ])
  const codes = Responses.map(({ TableName, Error: error }: Json) => [TableName, error?.Code])
  t.deepEqual(codes, [
    ['R', undefined],
    ['R', 'DuplicateItem'],
    ['R', 'ConditionalCheckFailed'],
    ['R', undefined],
    ['T', 'ThrottlingError'],
    ['T', 'TransactionConflict'],
  ])
  t.is(Responses[2].Error.Item.sk.N, '2')
  t.deepEqual(Responses[3].Item, { x: N(1) })
})

test('what a batch as a whole does not do', async t => {
  const w = await filled()
  const refusal = (...texts: string[]) =>
    w.refusal(batchExecuteStatement, { Statements: texts.map(Statement => ({ Statement })) })
  t.is(
    await refusal(`SELECT * FROM T WHERE pk = 'a'`, `DELETE FROM T WHERE pk = 'b'`),
    'Read and write requests together in the same batch is not supported.',
  )
  t.is(
    await refusal(`DELETE FROM T WHERE pk = 'a'`, `INSERT INTO T VALUE {'pk': 'a'}`),
    'Provided list of item keys contains duplicates',
  )
  t.regex(await refusal(), /'statements' failed to satisfy constraint: Member must have length greater than/)
  t.regex(await refusal(...Array.from({ length: 26 }, () => 'x')), /Member must have length less than or equal to 25/)
})

test('a statement is 8,192 characters at most', async t => {
  const w = given()
  const text = (length: number) => `SELECT * FROM T WHERE pk = '${'x'.repeat(length - 29)}'`
  t.is(text(8192).length, 8192)
  t.deepEqual(await run(w, text(8192)), { Items: [] })
  t.regex(
    await refused(w, text(8193)),
    /at 'statement' failed to satisfy constraint: Member must have length less than/,
  )
})
