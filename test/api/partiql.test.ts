import test from 'ava'
import { eventually, fill, makeTable, refusal, sharedTable, startApi } from './api.ts'
import { call } from './http.ts'

const { node, db, docs } = await startApi()
const T = sharedTable(db, {
  key: 'pk:S | sk:N',
  local: { byN: { key: 'pk:S | n:N' } },
  global: { byG: { key: 'g:S | sk:N' } },
})

test('an item lives and dies by statements', async t => {
  const key = { pk: 'life', sk: 1 }
  const where = 'WHERE pk = ? AND sk = ?'
  const Parameters = ['life', 1]
  const read = async () =>
    (await docs.executeStatement({ Statement: `SELECT * FROM "${T}" ${where}`, Parameters })).Items
  await docs.executeStatement({
    Statement: `INSERT INTO "${T}" VALUE {'pk': ?, 'sk': ?, 'tags': <<'a'>>, 'list': [1], 'map': {'deep': {'n': 1}}}`,
    Parameters,
  })
  t.deepEqual(await read(), [{ ...key, tags: new Set(['a']), list: [1], map: { deep: { n: 1 } } }])
  const updated = await docs.executeStatement({
    Statement: `UPDATE "${T}" SET tags = SET_ADD(tags, <<'b'>>), list = LIST_APPEND(list, [2, 'x'])
      SET map.deep.n = map.deep.n + 41 REMOVE gone ${where} AND size(list) = 1 RETURNING MODIFIED NEW *`,
    Parameters,
  })
  t.deepEqual(updated.Items, [{ tags: new Set(['a', 'b']), list: [1, 2, 'x'], map: { deep: { n: 42 } } }])
  const removed = await docs.executeStatement({
    Statement: `DELETE FROM "${T}" ${where} RETURNING ALL OLD *`,
    Parameters,
  })
  t.deepEqual(removed.Items, [{ ...key, ...updated.Items![0] }])
  t.deepEqual(await read(), [])
})

test('errors are of the classes that the SDK knows', async t => {
  const run = (Statement: string) => refusal(db.executeStatement({ Statement }))
  await docs.put({ TableName: T, Item: { pk: 'errors', sk: 1, x: 1 } })
  t.is(
    await run(`INSERT INTO "${T}" VALUE {'pk': 'errors', 'sk': 1}`),
    'DuplicateItemException: Duplicate primary key exists in table',
  )
  t.is(
    await run(`UPDATE "${T}" SET x = 2 WHERE pk = 'errors' AND sk = 1 AND x = 5`),
    'ConditionalCheckFailedException: The conditional request failed',
  )
  t.is(await run('SELECT * FROM nowhere'), 'ResourceNotFoundException: Requested resource not found')
  t.is(
    await run(`UPDATE "${T}" SET x = y WHERE pk = 'errors' AND sk = 1`),
    'ValidationException: The provided expression refers to an attribute that does not exist in the item',
  )
  t.is(await run('SELECT'), "ValidationException: Statement wasn't well formed, can't be processed: Unexpected term")
  const error = await db
    .executeStatement({
      Statement: `DELETE FROM "${T}" WHERE pk = 'errors' AND sk = 1 AND x = 5`,
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    })
    .catch(thrown => thrown)
  t.deepEqual(error.Item, { pk: { S: 'errors' }, sk: { N: '1' }, x: { N: '1' } })
})

test('pages of a megabyte, over several partition keys and in scans', async t => {
  const TableName = await makeTable(db, { key: 'pk:S | sk:N' })
  const items = ['a', 'b', 'c'].flatMap(pk =>
    Array.from({ length: 5 }, (_, sk) => ({ pk, sk, x: 'x'.repeat(150_000) })),
  )
  await fill(docs, TableName, items)
  const pages = async (rest: string) => {
    const found: string[] = []
    let NextToken: string | undefined
    do {
      const page = await docs.executeStatement({ Statement: `SELECT pk, sk FROM "${TableName}" ${rest}`, NextToken })
      found.push(page.Items!.map(({ pk, sk }) => `${pk}${sk}`).join(' '))
      t.is(page.LastEvaluatedKey === undefined, page.NextToken === undefined)
      NextToken = page.NextToken
    } while (NextToken !== undefined)
    return found
  }
  t.deepEqual(await pages(`WHERE pk IN ['c', 'a', 'b']`), ['c0 c1 c2 c3 c4 a0 a1', 'a2 a3 a4 b0 b1 b2 b3', 'b4'])
  t.deepEqual(await pages(`WHERE pk IN ['c', 'a'] ORDER BY sk DESC`), ['c4 a4 c3 a3 c2 a2 c1', 'a1 c0 a0'])
  t.deepEqual(await pages(`WHERE pk IN ['c', 'a'] ORDER BY pk, sk DESC`), ['a4 a3 a2 a1 a0 c4 c3', 'c2 c1 c0'])
  const scanned = await pages('WHERE sk < 4')
  t.true(scanned.length >= 3)
  t.is(scanned.flatMap(page => page.split(' ')).filter(Boolean).length, 12)
})

test('indexes, local and global, in either order', async t => {
  const Item = (sk: number) => ({ pk: 'index', sk, n: -sk, g: 'index' })
  await fill(docs, T, [1, 2, 3].map(Item))
  const run = async (text: string) =>
    (await docs.executeStatement({ Statement: text })).Items!.map(({ sk }) => sk as number)
  t.deepEqual(await run(`SELECT sk FROM "${T}"."byN" WHERE pk = 'index' AND n > -3`), [2, 1])
  t.deepEqual(
    await eventually(() => run(`SELECT sk FROM "${T}".byG WHERE g = 'index' ORDER BY sk DESC`), [3, 2, 1]),
    [3, 2, 1],
  )
})

test('a table by its ARN, which shows in the consumed capacity', async t => {
  const arn = `arn:aws:dynamodb:us-east-1:123456789012:table/${T}`
  const given = { ReturnConsumedCapacity: 'TOTAL' as const, ConsistentRead: true }
  const answer = await db.executeStatement({
    Statement: `SELECT * FROM "${arn}" WHERE pk = 'arn' AND sk = 0`,
    ...given,
  })
  t.deepEqual(answer.ConsumedCapacity, { TableName: arn, CapacityUnits: 1 })
})

test('a batch of statements', async t => {
  await docs.batchExecuteStatement({
    Statements: [1, 2].map(sk => ({
      Statement: `INSERT INTO "${T}" VALUE {'pk': ?, 'sk': ?}`,
      Parameters: ['batch', sk],
    })),
  })
  const { Responses } = await docs.batchExecuteStatement({
    Statements: [2, 3, 1].map(sk => ({
      Statement: `SELECT * FROM "${T}" WHERE pk = ? AND sk = ?`,
      Parameters: ['batch', sk],
      ConsistentRead: true,
    })),
  })
  t.deepEqual(Responses, [
    { TableName: T, Item: { pk: 'batch', sk: 2 } },
    { TableName: T },
    { TableName: T, Item: { pk: 'batch', sk: 1 } },
  ])
})

test('names that mean something to JavaScript', async t => {
  const Statement = `INSERT INTO "${T}" VALUE {'pk': 'names', 'sk': 1, '__proto__': 'p', 'constructor': {'__proto__': 2}}`
  await db.executeStatement({ Statement })
  // As text: the SDK does not carry `__proto__`.
  const { text } = await call(node.endpoint, 'ExecuteStatement', {
    Statement: `SELECT toString, "__proto__", "constructor" FROM "${T}" WHERE pk = 'names' AND sk = 1`,
  })
  t.is(text, '{"Items":[{"__proto__":{"S":"p"},"constructor":{"M":{"__proto__":{"N":"2"}}}}]}')
})
