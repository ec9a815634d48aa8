/** Transactions, and tables and processes that come to their end. */
import { randomUUID } from 'node:crypto'
import test from 'ava'
import { tempFolder } from '../helpers/temp.ts'
import { makeTable, type Plain, refusal, startOwnApi, type TableSpec } from './api.ts'

const SPEC: TableSpec = { key: 'id:S' }

test('a token is known after a restart, wherever its next request would go', async t => {
  const dataDir = await tempFolder(t)
  const first = await startOwnApi(t, { dataDir, partitions: 3 })
  const name = await makeTable(first.db, SPEC)
  const add = (ids: string[]) =>
    ids.map(id => ({
      Update: {
        TableName: name,
        Key: { id },
        UpdateExpression: 'ADD n :one',
        ExpressionAttributeValues: { ':one': 1 },
      },
    }))
  const ids = ['a', 'b', 'c', 'd', 'e', 'f']
  const requests = [
    { TransactItems: add(ids), ClientRequestToken: randomUUID() },
    { TransactItems: add(['g']), ClientRequestToken: randomUUID() },
  ]
  for (const request of requests) await first.docs.transactWrite(request)
  await first.node.close()
  const second = await startOwnApi(t, { dataDir, partitions: 3 })
  for (const request of requests) {
    await second.docs.transactWrite(request)
    const other = { ...request, TransactItems: add(['h']) }
    t.regex(await refusal(second.docs.transactWrite(other)), /^IdempotentParameterMismatchException/)
  }
  for (const id of [...ids, 'g']) t.is((await second.docs.get({ TableName: name, Key: { id } })).Item?.n, 1)
})

test('a table that goes takes no transaction apart, and leaves nothing held', async t => {
  const { db, docs } = await startOwnApi(t, { inMemory: true, partitions: 3 })
  const kept = await makeTable(db, SPEC)
  const ids = Array.from({ length: 12 }, (_, i) => `item ${i}`)
  const answers = new Set<string>()
  for (let round = 0; round < 6; round++) {
    const gone = await makeTable(db, { ...SPEC, name: 'gone' })
    let going = true
    const writer = async (number: number) => {
      for (let turn = 0; going; turn++) {
        const value = `${round} ${number} ${turn}`
        const one = { Put: { TableName: gone, Item: { id: value } } }
        const pair = [ids[2 * number]!, ids[2 * number + 1]!].map(id => ({
          Put: { TableName: kept, Item: { id, value } },
        }))
        // The table that goes is the transaction's home, or is not.
        const TransactItems = turn % 2 === 0 ? [one, ...pair] : [...pair, one]
        answers.add((await refusal(docs.transactWrite({ TransactItems }))).split(':')[0]!)
      }
    }
    const writers = [0, 1, 2, 3, 4, 5].map(writer)
    await new Promise(resolve => setTimeout(resolve, 60))
    await db.deleteTable({ TableName: gone })
    t.is(
      await refusal(db.describeTable({ TableName: gone })).then(text => text.split(':')[0]),
      'ResourceNotFoundException',
    )
    going = false
    await Promise.all(writers)
    const items = new Map<string, Plain>()
    for (const item of (await docs.scan({ TableName: kept })).Items ?? []) items.set(item.id, item)
    for (let pair = 0; pair < ids.length; pair += 2)
      t.is(items.get(ids[pair]!)?.value, items.get(ids[pair + 1]!)?.value)
    // Nothing is held.
    for (const id of items.keys()) await docs.put({ TableName: kept, Item: { ...items.get(id), round } })
  }
  t.deepEqual([...answers].sort(), ['ResourceNotFoundException', 'done'])
})

test('both tables of a transaction may go at once', async t => {
  const { db, docs } = await startOwnApi(t, { inMemory: true, partitions: 2 })
  for (let round = 0; round < 4; round++) {
    const names = [await makeTable(db, SPEC), await makeTable(db, SPEC)]
    let going = true
    const writers = [0, 1, 2].map(async number => {
      for (let turn = 0; going; turn++) {
        const order = turn % 2 === 0 ? names : names.toReversed()
        const TransactItems = order.map(TableName => ({ Put: { TableName, Item: { id: `${number} ${turn}` } } }))
        await refusal(docs.transactWrite({ TransactItems }))
      }
    })
    await new Promise(resolve => setTimeout(resolve, 30))
    await Promise.all(names.map(TableName => db.deleteTable({ TableName })))
    going = false
    await Promise.all(writers)
    t.deepEqual((await db.listTables({})).TableNames, [])
  }
})
