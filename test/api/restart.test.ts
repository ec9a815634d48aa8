import test from 'ava'
import { spawnTavola } from '../helpers/process.ts'
import { tempFolder } from '../helpers/temp.ts'
import {
  type Api,
  connect,
  eventually,
  fill,
  indexed,
  makeTable,
  type Plain,
  refusal,
  startOwnApi,
  tableRequest,
} from './api.ts'

const SPEC = {
  name: 'kept',
  key: 'pk:S | sk:N',
  local: { byL: { key: 'pk:S | l:S' } },
  global: { byG: { key: 'g:N', project: 'KEYS_ONLY' as const } },
}
const ITEMS: Plain[] = Array.from({ length: 60 }, (_, i) => ({ pk: `p${i % 7}`, sk: i, l: `l${i % 5}`, g: i % 3 }))

/** Everything that can be seen of the table. */
async function view({ db, docs }: Pick<Api, 'db' | 'docs'>) {
  const TableName = SPEC.name
  const scans = await Promise.all(
    [undefined, 'byL', 'byG'].map(async IndexName => (await docs.scan({ TableName, IndexName })).Items),
  )
  // After the scans, which wait for the indexes.
  const { Table } = await db.describeTable({ TableName })
  const tags = (await db.listTagsOfResource({ ResourceArn: Table!.TableArn })).Tags
  const ttl = (await db.describeTimeToLive({ TableName })).TimeToLiveDescription
  return { Table, scans, tags, ttl, names: (await db.listTables({})).TableNames }
}

async function populate({ db, docs }: Pick<Api, 'db' | 'docs'>): Promise<void> {
  const { TableDescription } = await db.createTable(tableRequest(SPEC))
  await fill(docs, SPEC.name, ITEMS)
  await indexed(docs, SPEC.name, 'byG', ITEMS.length)
  await db.tagResource({ ResourceArn: TableDescription!.TableArn, Tags: [{ Key: 'a', Value: 'b' }] })
  await db.updateTimeToLive({
    TableName: SPEC.name,
    TimeToLiveSpecification: { Enabled: true, AttributeName: 'expires' },
  })
  await makeTable(db, { name: 'gone', key: 'pk:S' })
  await docs.put({ TableName: 'gone', Item: { pk: 'x' } })
  await db.deleteTable({ TableName: 'gone' })
  await docs.delete({ TableName: SPEC.name, Key: { pk: 'p0', sk: 0 } })
}

test('a node that is closed and started again has everything', async t => {
  const dataDir = await tempFolder(t)
  const first = await startOwnApi(t, { dataDir })
  await populate(first)
  const before = await view(first)
  t.is(before.scans[0]!.length, ITEMS.length - 1)
  await first.node.close()
  const second = await startOwnApi(t, { dataDir })
  t.deepEqual(await view(second), before)
  t.is(
    await refusal(second.docs.scan({ TableName: 'gone' })),
    'ResourceNotFoundException: Requested resource not found',
  )
})

test('existing tables keep their partitions when new ones are to have another number', async t => {
  const dataDir = await tempFolder(t)
  const first = await startOwnApi(t, { dataDir, partitions: 2 })
  await populate(first)
  const before = await view(first)
  await first.node.close()
  const second = await startOwnApi(t, { dataDir, partitions: 3 })
  t.deepEqual(await view(second), before)
  await second.db.createTable(tableRequest({ ...SPEC, name: 'newer' }))
  await fill(second.docs, 'newer', ITEMS)
  t.is((await second.docs.scan({ TableName: 'newer' })).Count, ITEMS.length)
})

test('a killed process loses nothing that it had acknowledged', async t => {
  const dataDir = await tempFolder(t)
  const start = async () => {
    const tavola = await spawnTavola(['--data-dir', dataDir])
    const clients = connect(tavola.endpoint)
    t.teardown(async () => {
      clients.db.destroy()
      await tavola.kill('SIGKILL')
    })
    return { tavola, ...clients }
  }
  const first = await start()
  const TableName = await makeTable(first.db, { key: 'pk:S', global: { byG: { key: 'g:S' } } })
  /** By writer, the last number that was acknowledged. */
  const acknowledged = new Map<string, number>()
  const write = async (pk: string) => {
    for (let n = 1; ; n++) {
      await first.docs.put({ TableName, Item: { pk, n, g: 'g' } })
      acknowledged.set(pk, n)
      if (n === 40) await first.tavola.kill('SIGKILL')
    }
  }
  const writers = Array.from({ length: 8 }, (_, i) => write(`writer-${i}`))
  await Promise.allSettled(writers)
  const second = await start()
  const { Items } = await second.docs.scan({ TableName, ConsistentRead: true })
  t.is(Items!.length, acknowledged.size)
  // The write under way may have been done, or not.
  for (const { pk, n } of Items!) t.true([0, 1].includes(n - acknowledged.get(pk)!), `${pk} ${n}`)
  const index = await eventually(async () => {
    const { Items: found } = await second.docs.scan({ TableName, IndexName: 'byG' })
    return sorted(found!)
  }, sorted(Items!))
  t.deepEqual(index, sorted(Items!))
})

const sorted = (items: Plain[]) => items.sort((a, b) => (a.pk < b.pk ? -1 : 1))
