/** Items that expire. */
import test, { type ExecutionContext } from 'ava'
import { scrape } from '../helpers/metrics.ts'
import { tempFolder } from '../helpers/temp.ts'
import { type Api, eventually, fill, indexed, makeTable, refusal, startApi, startOwnApi } from './api.ts'
import { call } from './http.ts'
import { readAll, streamsClient, withStream } from './streams.ts'

const { db, docs, node } = await startApi({ sweepMs: 20 })
const streams = streamsClient(node.endpoint)
test.after.always(() => streams.destroy())

const seconds = (fromNow: number) => Math.floor(Date.now() / 1000) + fromNow
const YEAR = 365 * 86_400

const enable = (TableName: string, AttributeName = 'expires', api: Pick<Api, 'db'> = { db }) =>
  api.db.updateTimeToLive({ TableName, TimeToLiveSpecification: { Enabled: true, AttributeName } })
const disable = (TableName: string, AttributeName = 'expires') =>
  db.updateTimeToLive({ TableName, TimeToLiveSpecification: { Enabled: false, AttributeName } })

/** The keys that are left, once they are these, or two seconds after. */
const left = (TableName: string, expected: string[], api: Pick<Api, 'docs'> = { docs }) =>
  eventually(async () => (await api.docs.scan({ TableName })).Items!.map(({ pk }) => pk as string).sort(), expected)

test('what has expired goes, of its table and its indexes; the rest stays', async t => {
  const TableName = await makeTable(db, {
    key: 'pk:S | sk:N',
    local: { byL: { key: 'pk:S | l:S' } },
    global: { byG: { key: 'g:S' } },
  })
  await enable(TableName)
  const item = (pk: string, expires: unknown) => ({ pk, sk: 1, l: 'l', g: 'g', expires })
  await fill(docs, TableName, [
    item('over', seconds(-1)),
    item('long over', seconds(-4 * YEAR)),
    item('fraction', seconds(-2) + 0.5),
    item('forgotten', seconds(-6 * YEAR)),
    item('later', seconds(1000)),
    item('milliseconds', Date.now()),
    item('text', String(seconds(-1))),
    item('list', [seconds(-1)]),
    item('negative', -5),
    { pk: 'none', sk: 1, l: 'l', g: 'g' },
  ])
  await db.putItem({
    TableName,
    Item: { pk: { S: 'huge' }, sk: { N: '1' }, g: { S: 'g' }, l: { S: 'l' }, expires: { N: '1E30' } },
  })
  const stay = ['forgotten', 'huge', 'later', 'list', 'milliseconds', 'negative', 'none', 'text']
  t.deepEqual(await left(TableName, stay), stay)
  await indexed(docs, TableName, 'byG', stay.length)
  const count = async (IndexName: string) => (await docs.scan({ TableName, IndexName })).Count
  t.deepEqual([await count('byL'), await count('byG')], [stay.length, stay.length])
  const { Table } = await db.describeTable({ TableName })
  t.is(Table!.ItemCount, stay.length)
  const deleted = (await scrape(node.endpoint)).value('tavola_time_to_live_deleted_item_count_total', {
    table: TableName,
  })
  t.is(deleted, 3)
  const written = (await scrape(node.endpoint)).value('tavola_consumed_write_capacity_units_total', {
    table: TableName,
    global_secondary_index: '',
  })
  t.is(written, 22, 'deleting takes no units: these are those of the puts, each with its row in the local index')
})

test('items from before the table had a time to live expire too, by the attribute of the moment', async t => {
  const TableName = await makeTable(db, { key: 'pk:S' })
  const numbers = Array.from({ length: 700 }, (_, i) => i)
  await fill(
    docs,
    TableName,
    numbers.map(i => ({ pk: `${i}`, expires: seconds(i < 650 ? -10 : 1000), other: seconds(i < 690 ? -10 : 1000) })),
  )
  await enable(TableName)
  const late = numbers.filter(i => i >= 650).map(String)
  t.deepEqual(await left(TableName, late), late)
  await disable(TableName)
  await docs.put({ TableName, Item: { pk: 'x', expires: seconds(-10) } })
  await new Promise(resolve => setTimeout(resolve, 150))
  t.deepEqual(await left(TableName, [...late, 'x']), [...late, 'x'])
  await enable(TableName, 'other')
  const last = [...numbers.filter(i => i >= 690).map(String), 'x']
  t.deepEqual(await left(TableName, last), last)
})

test('the records of what expired say who did it', async t => {
  const TableName = await makeTable(db, { key: 'pk:S', more: withStream() })
  const arn = (await db.describeTable({ TableName })).Table!.LatestStreamArn!
  await enable(TableName)
  const Item = { pk: 'a', expires: seconds(-5) }
  await docs.put({ TableName, Item })
  await left(TableName, [])
  await docs.put({ TableName, Item: { pk: 'b' } })
  await docs.delete({ TableName, Key: { pk: 'b' } })
  const records = (await readAll(streams, arn)).sort((a, b) =>
    a.dynamodb!.Keys!.pk!.S! < b.dynamodb!.Keys!.pk!.S! ? -1 : 1,
  )
  t.deepEqual(
    records.map(({ eventName, userIdentity }) => [eventName, userIdentity]),
    [
      ['INSERT', undefined],
      ['REMOVE', { PrincipalId: 'dynamodb.amazonaws.com', Type: 'Service' }],
      ['INSERT', undefined],
      ['REMOVE', undefined],
    ],
  )
  t.deepEqual(records[1]!.dynamodb!.OldImage, { pk: { S: 'a' }, expires: { N: String(Item.expires) } })
})

test('an item whose time is moved on stays, however often and by whatever', async t => {
  const TableName = await makeTable(db, { key: 'pk:S' })
  await enable(TableName)
  const soon = seconds(2)
  await fill(
    docs,
    TableName,
    ['put', 'update', 'remove', 'transaction', 'gone'].map(pk => ({ pk, expires: soon })),
  )
  await docs.put({ TableName, Item: { pk: 'put', expires: seconds(100) } })
  const update = { TableName, ExpressionAttributeValues: { ':t': seconds(100) } }
  await docs.update({ ...update, Key: { pk: 'update' }, UpdateExpression: 'SET expires = :t' })
  await docs.update({ TableName, Key: { pk: 'remove' }, UpdateExpression: 'REMOVE expires' })
  const action = { ...update, Key: { pk: 'transaction' }, UpdateExpression: 'SET expires = :t' }
  await docs.transactWrite({
    TransactItems: [{ Update: action }, { Put: { TableName, Item: { pk: 'other' } } }],
  })
  const stay = ['other', 'put', 'remove', 'transaction', 'update']
  await new Promise(resolve => setTimeout(resolve, 2500))
  t.deepEqual(await left(TableName, stay), stay)
})

test('a key may be the time, and so may an attribute of any name', async t => {
  for (const name of ['sk', '__proto__', 'constructor']) {
    const TableName = await makeTable(db, { key: 'pk:S | sk:N' })
    await enable(TableName, name)
    for (const [pk, time] of [
      ['goes', seconds(-9)],
      ['stays', seconds(900)],
    ] as const) {
      const Item = JSON.parse(`{"pk":{"S":"${pk}"},"sk":{"N":"1"},"${name}":{"N":"${time}"}}`)
      // The SDK loses an attribute called __proto__.
      await call(node.endpoint, 'PutItem', { TableName, Item })
    }
    t.deepEqual(await left(TableName, ['stays']), ['stays'], name)
  }
})

test('many items go within seconds, and requests go on', async t => {
  const TableName = await makeTable(db, { key: 'pk:S' })
  await fill(
    docs,
    TableName,
    Array.from({ length: 2000 }, (_, i) => ({ pk: `${i}`, expires: seconds(-1) })),
  )
  await enable(TableName)
  const waits: number[] = []
  const start = Date.now()
  while ((await docs.scan({ TableName, Select: 'COUNT' })).Count! > 0) {
    const begin = performance.now()
    await docs.put({ TableName, Item: { pk: 'busy', expires: seconds(-1) } })
    waits.push(performance.now() - begin)
    if (Date.now() - start > 20_000) return t.fail('not within 20 s')
  }
  t.true(waits.length > 0)
})

async function expiring(t: ExecutionContext, dataDir: string): Promise<string> {
  const api = await startOwnApi(t, { dataDir, sweepMs: 3_600_000 })
  const TableName = await makeTable(api.db, { name: 'expiring', key: 'pk:S' })
  await fill(
    api.docs,
    TableName,
    Array.from({ length: 300 }, (_, i) => ({ pk: `${i}`, expires: seconds(i % 2 ? -5 : 500) })),
  )
  await enable(TableName, 'expires', api)
  await api.node.close()
  return TableName
}

test('a process that ends, in the middle of it or not, leaves the rest to the next', async t => {
  const dataDir = await tempFolder(t)
  const TableName = await expiring(t, dataDir)
  const api = await startOwnApi(t, { dataDir, sweepMs: 20 })
  const stay = Array.from({ length: 150 }, (_, i) => `${2 * i}`).sort()
  t.deepEqual(await left(TableName, stay, api), stay)
  t.is(await refusal(api.docs.get({ TableName, Key: { pk: '1' } })), 'done')
})
