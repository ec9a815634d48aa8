/** Streams that are enabled, disabled, and outlive their tables. */
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { systemRandom } from '../../server/base/random.ts'
import { partitionKey } from '../../server/cluster/records.ts'
import { LocalMetadata } from '../../server/metadata/local/local.ts'
import type { TableRecord } from '../../server/model/table.ts'
import { tempFolder } from '../helpers/temp.ts'
import { type Api, eventually, makeTable, refusal, startApi, startOwnApi, tableRequest } from './api.ts'
import { type Change, iteratorOf, readAll, readFrom, shardsOf, streamsClient, withStream } from './streams.ts'

const { db, docs, node } = await startApi()
const streams = streamsClient(node.endpoint)
test.after.always(() => streams.destroy())

const VIEW = 'NEW_AND_OLD_IMAGES' as const
const enable = (TableName: string, api: Pick<Api, 'db'> = { db }) =>
  api.db.updateTable({ TableName, StreamSpecification: { StreamEnabled: true, StreamViewType: VIEW } })
const disable = (TableName: string, api: Pick<Api, 'db'> = { db }) =>
  api.db.updateTable({ TableName, StreamSpecification: { StreamEnabled: false } })
const values = (records: Change[]) => records.map(({ dynamodb }) => dynamodb!.NewImage?.v?.S)

test('a stream that is disabled is closed and can be read; the next one is another', async t => {
  const TableName = await makeTable(db, { key: 'pk:S' })
  await docs.put({ TableName, Item: { pk: 'a', v: 'before' } })
  const first = (await enable(TableName)).TableDescription!
  t.deepEqual(first.StreamSpecification, { StreamEnabled: true, StreamViewType: VIEW })
  await docs.put({ TableName, Item: { pk: 'a', v: '1' } })
  const [own] = (await shardsOf(streams, first.LatestStreamArn!)).filter(Boolean)
  const waiting = await iteratorOf(streams, first.LatestStreamArn!, own!.ShardId!, 'LATEST')
  await disable(TableName)
  await docs.put({ TableName, Item: { pk: 'a', v: 'between' } })
  const second = (await enable(TableName)).TableDescription!
  await docs.put({ TableName, Item: { pk: 'a', v: '2' } })
  t.not(first.LatestStreamArn, second.LatestStreamArn)
  t.deepEqual(values(await readAll(streams, first.LatestStreamArn!)), ['1'])
  const [change] = await readAll(streams, second.LatestStreamArn!)
  t.deepEqual([change!.dynamodb!.OldImage!.v!.S, change!.dynamodb!.NewImage!.v!.S], ['between', '2'])
  t.deepEqual(await readFrom(streams, waiting), { records: [], next: undefined })

  const describe = async (StreamArn: string) => (await streams.describeStream({ StreamArn })).StreamDescription!
  const [old, now] = [await describe(first.LatestStreamArn!), await describe(second.LatestStreamArn!)]
  t.deepEqual([old.StreamStatus, now.StreamStatus], ['DISABLED', 'ENABLED'])
  for (const { SequenceNumberRange: range } of old.Shards!)
    t.true(BigInt(range!.StartingSequenceNumber!) < BigInt(range!.EndingSequenceNumber!))
  for (const { SequenceNumberRange: range } of now.Shards!) t.is(range!.EndingSequenceNumber, undefined)
  const ids = [...old.Shards!, ...now.Shards!].map(({ ShardId }) => ShardId)
  t.is(new Set(ids).size, ids.length)
  t.deepEqual(
    (await streams.listStreams({ TableName })).Streams!.map(({ StreamArn }) => StreamArn),
    [first.LatestStreamArn, second.LatestStreamArn],
  )
  const iterator = await iteratorOf(streams, first.LatestStreamArn!, old.Shards![0]!.ShardId!, 'TRIM_HORIZON')
  t.is((await readFrom(streams, iterator)).next, undefined)
})

test('a stream begins at one point, and so ends, whatever is written meanwhile', async t => {
  const TableName = await makeTable(db, { key: 'pk:S' })
  let stopped = false
  let written = 0
  const write = async (writer: number) => {
    for (let n = 0; !stopped; n++) {
      written += 1
      const [pk, Item] = [`${writer}`, { pk: `${writer}`, n }]
      if (n % 5 === 4) await docs.delete({ TableName, Key: { pk } })
      else if (n % 7 === 3)
        await refusal(
          docs.transactWrite({
            TransactItems: [{ Put: { TableName, Item } }, { Put: { TableName, Item: { pk: `x${pk}`, n } } }],
          }),
        )
      else await docs.put({ TableName, Item })
    }
  }
  const writers = Promise.all(Array.from({ length: 12 }, (_, writer) => write(writer)))
  const arns: string[] = []
  for (let round = 0; round < 4; round++) {
    arns.push((await enable(TableName)).TableDescription!.LatestStreamArn!)
    for (const end = written + 100; written < end; ) await new Promise(resolve => setTimeout(resolve, 5))
    await disable(TableName)
  }
  stopped = true
  await writers
  for (const arn of arns) {
    const records = await readAll(streams, arn)
    t.true(records.length > 10)
    const last = new Map<string, unknown>()
    for (const { dynamodb } of records) {
      const key = dynamodb!.Keys!.pk!.S!
      if (last.has(key)) t.deepEqual(dynamodb!.OldImage, last.get(key), 'what the record before left')
      last.set(key, dynamodb!.NewImage)
    }
  }
})

/** A table that is deleted, with a stream that has one change. @returns the stream's ARN */
async function leaveStream(api: Pick<Api, 'db' | 'docs'>, name: string): Promise<string> {
  const indexes = { local: { byL: { key: 'pk:S | l:S' } }, global: { byG: { key: 'g:S' } } }
  await api.db.createTable(tableRequest({ name, key: 'pk:S | sk:S', ...indexes, more: withStream() }))
  await api.docs.put({ TableName: name, Item: { pk: 'a', sk: 'b', g: 'g', l: 'l', v: 'kept' } })
  const { TableDescription } = await api.db.deleteTable({ TableName: name })
  return TableDescription!.LatestStreamArn!
}

async function checkLeft(t: ExecutionContext, api: Pick<Api, 'db' | 'docs' | 'node'>, name: string, arn: string) {
  const client = streamsClient(api.node.endpoint)
  t.teardown(() => client.destroy())
  t.deepEqual(values(await readAll(client, arn)), ['kept'])
  const { StreamDescription } = await client.describeStream({ StreamArn: arn })
  t.deepEqual([StreamDescription!.StreamStatus, StreamDescription!.TableName], ['DISABLED', name])
  t.deepEqual(
    StreamDescription!.KeySchema!.map(({ AttributeName }) => AttributeName),
    ['pk', 'sk'],
  )
  const { Streams } = await client.listStreams({ TableName: name })
  t.true(Streams!.some(({ StreamArn }) => StreamArn === arn))
}

test("a deleted table's stream can be read, also when there is another table of the name", async t => {
  const name = 'deleted'
  const arn = await leaveStream({ db, docs }, name)
  t.regex(await refusal(db.describeTable({ TableName: name })), /^ResourceNotFoundException/)
  t.false((await db.listTables({})).TableNames!.includes(name))
  await checkLeft(t, { db, docs, node }, name, arn)
  await makeTable(db, { name, key: 'pk:S', more: withStream() })
  await docs.put({ TableName: name, Item: { pk: 'new', v: 'new' } })
  await checkLeft(t, { db, docs, node }, name, arn)
  const { LatestStreamArn } = (await db.describeTable({ TableName: name })).Table!
  t.deepEqual(values(await readAll(streams, LatestStreamArn!)), ['new'])
  t.is((await docs.scan({ TableName: name })).Count, 1, 'the new table has nothing of the old one')
})

test('streams of tables there are, and there were, survive the process', async t => {
  const dataDir = await tempFolder(t)
  const first = await startOwnApi(t, { dataDir, partitions: 2 })
  const arn = await leaveStream(first, 'former')
  const TableName = await makeTable(first.db, { name: 'present', key: 'pk:S', more: withStream() })
  for (let i = 0; i < 20; i++) await first.docs.put({ TableName, Item: { pk: `${i}`, v: `${i}` } })
  const present = (await first.db.describeTable({ TableName })).Table!.LatestStreamArn!
  await first.node.close()
  const second = await startOwnApi(t, { dataDir })
  await checkLeft(t, second, 'former', arn)
  const client = streamsClient(second.node.endpoint)
  t.teardown(() => client.destroy())
  t.is((await readAll(client, present)).length, 20)
  await second.docs.put({ TableName, Item: { pk: '1', v: 'later' } })
  const records = await readAll(client, present)
  t.is(records.length, 21)
  t.is(records.filter(({ eventName }) => eventName === 'MODIFY').length, 1)
})

test('a table that leaves a last backup leaves its stream too', async t => {
  const TableName = await makeTable(db, { name: 'farewell', key: 'pk:S', more: withStream() })
  await db.updateContinuousBackups({
    TableName,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  })
  await docs.put({ TableName, Item: { pk: 'a', v: 'kept' } })
  const { TableDescription } = await db.deleteTable({ TableName })
  const gone = async () => !(await db.listTables({})).TableNames!.includes(TableName)
  for (const end = Date.now() + 20_000; !(await gone()) && Date.now() < end; ) await new Promise(r => setTimeout(r, 50))
  t.true(await gone())
  t.deepEqual(values(await readAll(streams, TableDescription!.LatestStreamArn!)), ['kept'])
  const { BackupSummaries } = await db.listBackups({ TableName, BackupType: 'SYSTEM' })
  t.is(BackupSummaries!.length, 1)
})

test('a stream and a time to live from before partitions knew of them begin with the next start', async t => {
  const dataDir = await tempFolder(t)
  const first = await startOwnApi(t, { dataDir })
  const TableName = await makeTable(first.db, { name: 'settings', key: 'pk:S', more: withStream() })
  const TimeToLiveSpecification = { Enabled: true, AttributeName: 'expires' }
  await first.db.updateTimeToLive({ TableName, TimeToLiveSpecification })
  await first.node.close()
  const metadata = new LocalMetadata(join(dataDir, 'metadata.db'), systemRandom)
  const tables = (await metadata.list('tables/')).map(({ key, value }) => ({ key, record: JSON.parse(value) }))
  const [{ key, record }] = tables as [{ key: string; record: TableRecord }]
  const partition = partitionKey(record.partitions[0]!.id)
  const { schema, ...rest } = JSON.parse((await metadata.get(partition))!.value)
  const { stream: _, timeToLive: __, ...table } = schema.table
  const old = [
    { key, value: JSON.stringify({ ...record, schemaVersion: 10 }) },
    { key: partition, value: JSON.stringify({ ...rest, schema: { ...schema, table, version: 10 } }) },
  ]
  await metadata.commit({ guards: [], puts: old })
  await metadata.close()
  const second = await startOwnApi(t, { dataDir, sweepMs: 20 })
  const client = streamsClient(second.node.endpoint)
  t.teardown(() => client.destroy())
  const count = async () => {
    await second.docs.put({ TableName, Item: { pk: String(Math.random()), expires: 1_700_000_000 } })
    const records = await readAll(client, (await second.db.describeTable({ TableName })).Table!.LatestStreamArn!)
    return records.some(({ userIdentity }) => userIdentity !== undefined)
  }
  t.true(await eventually(count, true))
})
