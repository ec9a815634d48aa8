import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import {
  attributeDefinitions,
  eventually,
  fill,
  INVALID_PARAMETER,
  invalid,
  keySchema,
  makeTable,
  type Plain,
  projection,
  refusal,
  startApi,
} from './api.ts'

const { db, docs } = await startApi()

/** An UpdateTable request that adds an index. */
function creation(TableName: string, IndexName: string, key: string, project?: 'ALL' | 'KEYS_ONLY' | string[]) {
  const Create = { IndexName, KeySchema: keySchema(key), Projection: projection(project) }
  return {
    TableName,
    AttributeDefinitions: attributeDefinitions(key),
    GlobalSecondaryIndexUpdates: [{ Create }],
  }
}

function deletion(TableName: string, IndexName: string) {
  return { TableName, GlobalSecondaryIndexUpdates: [{ Delete: { IndexName } }] }
}

async function indexStatus(TableName: string, IndexName: string): Promise<string | undefined> {
  const { Table } = await db.describeTable({ TableName })
  return Table!.GlobalSecondaryIndexes?.find(index => index.IndexName === IndexName)?.IndexStatus
}

async function untilActive(TableName: string, IndexName: string): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; await sleep(10))
    if ((await indexStatus(TableName, IndexName)) === 'ACTIVE') return
  throw new Error(`${IndexName} does not become active`)
}

async function all(TableName: string, IndexName?: string): Promise<Plain[]> {
  const found: Plain[] = []
  let ExclusiveStartKey: Plain | undefined
  do {
    const page = await docs.scan({ TableName, IndexName, ExclusiveStartKey })
    found.push(...page.Items!)
    ExclusiveStartKey = page.LastEvaluatedKey
  } while (ExclusiveStartKey)
  return found.sort((a, b) => (a.pk < b.pk ? -1 : 1))
}

test('an index added to an empty table is there when one looks', async t => {
  const TableName = await makeTable(db, { key: 'pk:S' })
  const { TableDescription } = await db.updateTable(creation(TableName, 'byG', 'g:S'))
  t.is(TableDescription?.TableStatus, 'UPDATING')
  const [index] = TableDescription!.GlobalSecondaryIndexes!
  t.deepEqual([index!.IndexStatus, index!.Backfilling], ['CREATING', false])
  await untilActive(TableName, 'byG')
  const { Table } = await db.describeTable({ TableName })
  t.is(Table?.TableStatus, 'ACTIVE')
  t.is(Table!.GlobalSecondaryIndexes?.[0]?.Backfilling, undefined)
  t.deepEqual(Table!.AttributeDefinitions, attributeDefinitions('pk:S | g:S'))
})

test('an index added to a full table, while writes go on, agrees with the table in the end', async t => {
  const TableName = await makeTable(db, { key: 'pk:S' })
  const pks = Array.from({ length: 1500 }, (_, i) => `item-${i}`)
  await fill(
    docs,
    TableName,
    pks.map((pk, i) => ({ pk, g: i % 7, payload: 'x'.repeat(200) })),
  )
  let writing = true
  let writes = 0
  const write = async (writer: number) => {
    for (let i = writer; writing; i += 7) {
      const pk = pks[(i * 31) % pks.length]!
      const round = i % 4
      if (round === 0) await docs.put({ TableName, Item: { pk, g: i % 11, i } })
      else if (round === 1) await docs.delete({ TableName, Key: { pk } })
      else if (round === 2)
        await docs.update({
          TableName,
          Key: { pk },
          UpdateExpression: 'SET g = :g',
          ExpressionAttributeValues: { ':g': i },
        })
      else await docs.update({ TableName, Key: { pk }, UpdateExpression: 'REMOVE g' })
      writes += 1
    }
  }
  const writers = [0, 1, 2, 3].map(write)
  await sleep(50)
  await db.updateTable(creation(TableName, 'byG', 'g:N | pk:S'))
  await untilActive(TableName, 'byG')
  const before = writes
  while (writes < before + 20) await sleep(10)
  writing = false
  await Promise.all(writers)
  const expected = (await all(TableName)).filter(item => 'g' in item)
  t.deepEqual(await eventually(() => all(TableName, 'byG'), expected), expected)
})

test('items that an index cannot take are left out of it', async t => {
  const TableName = await makeTable(db, { key: 'pk:S' })
  await fill(docs, TableName, [
    { pk: 'fine', g: 'x' },
    { pk: 'number', g: 1 },
    { pk: 'none' },
    { pk: 'empty', g: '' },
    { pk: 'long', g: 'x'.repeat(3000) },
  ])
  await db.updateTable(creation(TableName, 'byG', 'g:S', 'KEYS_ONLY'))
  await untilActive(TableName, 'byG')
  t.deepEqual(await all(TableName, 'byG'), [{ pk: 'fine', g: 'x' }])
  // From now on they are refused.
  t.is(
    await invalid(docs.put({ TableName, Item: { pk: 'number', g: 1 } })),
    `${INVALID_PARAMETER}Type mismatch for Index Key g Expected: S Actual: N IndexName: byG`,
  )
})

test('an index with several attributes in its key is made from what is there', async t => {
  const TableName = await makeTable(db, { key: 'pk:S' })
  await fill(
    docs,
    TableName,
    Array.from({ length: 30 }, (_, i) => ({ pk: `${i}`, a: i % 2, b: `${i % 3}`, c: i })),
  )
  await db.updateTable(creation(TableName, 'byABC', 'a:N b:S | c:N', ['none']))
  await untilActive(TableName, 'byABC')
  const { Items } = await docs.query({
    TableName,
    IndexName: 'byABC',
    KeyConditionExpression: 'a = :a AND b = :b AND c > :c',
    ExpressionAttributeValues: { ':a': 1, ':b': '1', ':c': 7 },
  })
  t.deepEqual(
    Items!.map(item => item.c),
    [13, 19, 25],
  )
})

test('an index is removed, with the definitions that only it used', async t => {
  const TableName = await makeTable(db, { key: 'pk:S', global: { byG: { key: 'g:S' }, byH: { key: 'h:S' } } })
  await docs.put({ TableName, Item: { pk: 'a', g: 'g', h: 'h' } })
  const { TableDescription } = await db.updateTable(deletion(TableName, 'byG'))
  const statuses = TableDescription!.GlobalSecondaryIndexes!.map(index => `${index.IndexName} ${index.IndexStatus}`)
  t.deepEqual(statuses.sort(), ['byG DELETING', 'byH ACTIVE'])
  t.is(await eventually(() => indexStatus(TableName, 'byG'), undefined), undefined)
  const { Table } = await db.describeTable({ TableName })
  t.is(Table?.TableStatus, 'ACTIVE')
  t.deepEqual(Table!.AttributeDefinitions, attributeDefinitions('pk:S | h:S'))
  t.is(await invalid(docs.scan({ TableName, IndexName: 'byG' })), 'The table does not have the specified index: byG')
  // What was its key is an attribute like any other now.
  await docs.put({ TableName, Item: { pk: 'a', g: 5, h: 'h' } })
  const shown = [{ pk: 'a', g: 5, h: 'h' }]
  t.deepEqual(await eventually(() => all(TableName, 'byH'), shown), shown)
})

test('an index made again under its name starts anew', async t => {
  const TableName = await makeTable(db, { key: 'pk:S', global: { byG: { key: 'g:S', project: 'KEYS_ONLY' } } })
  await docs.put({ TableName, Item: { pk: 'a', g: 'g', n: 1 } })
  await db.updateTable(deletion(TableName, 'byG'))
  await eventually(() => indexStatus(TableName, 'byG'), undefined)
  await db.updateTable(creation(TableName, 'byG', 'n:N'))
  await untilActive(TableName, 'byG')
  t.deepEqual(await all(TableName, 'byG'), [{ pk: 'a', g: 'g', n: 1 }])
})

test('what UpdateTable refuses of indexes', async t => {
  const TableName = await makeTable(db, {
    key: 'pk:S | sk:S',
    local: { byL: { key: 'pk:S | l:S' } },
    global: { byG: { key: 'g:S' } },
  })
  t.is(
    await invalid(db.updateTable(creation(TableName, 'byG', 'g:S'))),
    'Attempting to create an index which already exists',
  )
  t.is(
    await refusal(db.updateTable(deletion(TableName, 'nope'))),
    `ResourceNotFoundException: Requested resource not found: Index nope for table ${TableName}`,
  )
  t.is(
    await invalid(db.updateTable({ ...creation(TableName, 'byX', 'x:S'), AttributeDefinitions: undefined })),
    'One or more parameter values were invalid: AttributeDefinitions is not specified for index: byX',
  )
  const two = {
    ...creation(TableName, 'one', 'x:S'),
    GlobalSecondaryIndexUpdates: ['one', 'two'].flatMap(
      name => creation(TableName, name, 'x:S').GlobalSecondaryIndexUpdates,
    ),
  }
  t.is(
    await refusal(db.updateTable(two)),
    'LimitExceededException: Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table',
  )
  t.is(
    await invalid(db.updateTable({ TableName, GlobalSecondaryIndexUpdates: [{}] })),
    'One or more parameter values were invalid: One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must not be null',
  )
})

test('a table with an index under way cannot go; once it is there it can', async t => {
  const TableName = await makeTable(db, { key: 'pk:S' })
  await fill(
    docs,
    TableName,
    Array.from({ length: 2000 }, (_, i) => ({ pk: `${i}`, g: 'g', more: 'x'.repeat(300) })),
  )
  await db.updateTable(creation(TableName, 'byG', 'g:S'))
  const status = await indexStatus(TableName, 'byG')
  const answer = await refusal(db.deleteTable({ TableName }))
  // A quick machine may have the index ready before we ask.
  if (status === 'CREATING' && answer !== 'done')
    t.regex(answer, /^ResourceInUseException: Attempt to change a resource which is still in use: /)
  if (answer !== 'done') {
    await untilActive(TableName, 'byG')
    await db.deleteTable({ TableName })
  }
  t.false((await db.listTables({})).TableNames!.includes(TableName))
})

test('while an index is made it cannot be read', async t => {
  const TableName = await makeTable(db, { key: 'pk:S' })
  await fill(
    docs,
    TableName,
    Array.from({ length: 2000 }, (_, i) => ({ pk: `${i}`, g: 'g', more: 'x'.repeat(300) })),
  )
  await db.updateTable(creation(TableName, 'byG', 'g:S'))
  const read = await invalid(docs.scan({ TableName, IndexName: 'byG', Limit: 1 }))
  t.true(['done', 'Cannot read from backfilling global secondary index: byG'].includes(read), read)
  await untilActive(TableName, 'byG')
  t.is((await all(TableName, 'byG')).length, 2000)
})
