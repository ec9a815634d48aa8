import { gunzipSync } from 'node:zlib'
import test from 'ava'
import { Exporting } from '../../../server/backup/exporting.ts'
import { type ExportRecord, type ExportRequest, exportsPrefix } from '../../../server/backup/exports.ts'
import { MemoryBuckets } from '../../../server/objects/memory.ts'
import { getWhole, type ObjectStore } from '../../../server/objects/objects.ts'
import { item, key, N, put, remove } from '../partition/given.ts'
import { archived } from './archived.ts'
import { all } from './given.ts'

const realm = { account: '1', region: 'r' }

/** Exports as the request says; resolves with the record and the bucket. */
async function exported(
  { metadata, objects, clock }: Awaited<ReturnType<typeof archived>>,
  request: Partial<ExportRequest>,
): Promise<{ record: ExportRecord; bucket: ObjectStore }> {
  const buckets = new MemoryBuckets()
  const chore = new Exporting({ metadata, objects, buckets, clock, realm })
  const record: ExportRecord = {
    id: '01700000000000-1a2b3c4d',
    tableName: 'Plain',
    tableArn: 'the table',
    exportArn: 'the export',
    archive: { tableId: 'plain', archive: 'archive-1' },
    request: { type: undefined, time: clock.time, bucket: 'b', sse: 'AES256', asked: '', ...request },
    status: 'IN_PROGRESS',
    startedAt: clock.time,
  }
  const name = `${exportsPrefix(realm, 'Plain')}${record.id}`
  await metadata.commit({ guards: [], puts: [{ key: name, value: JSON.stringify(record) }] })
  for (const task of await chore.tasks())
    await task.run(
      () => false,
      () => {},
    )
  return { record: JSON.parse((await metadata.get(name))!.value), bucket: await buckets.open('b') }
}

async function linesOf(bucket: ObjectStore, prefix: string): Promise<unknown[]> {
  const files = await all(bucket.list(prefix))
  const texts = await Promise.all(files.map(async ({ name }) => gunzipSync(await getWhole(bucket, name)).toString()))
  return texts.flatMap(text => text.split('\n').slice(0, -1)).map(line => JSON.parse(line))
}

test('an incremental export tells what became of each item in its period', async t => {
  const world = await archived()
  const { leader, clock } = world
  for (const p of ['changed', 'deleted', 'untouched']) await leader.write(put(item(p, 1, { n: N(1) })))
  await world.round()
  const from = clock.now()
  await leader.write(put(item('changed', 1, { n: N(2) })))
  await leader.write(put(item('changed', 1, { n: N(3) })))
  await leader.write(put(item('new', 1)))
  await leader.write(put(item('brief', 1)))
  await leader.write(remove(key('brief', 1)))
  await leader.write(remove(key('deleted', 1)))
  const time = clock.now()
  await leader.write(put(item('untouched', 1, { n: N(9) })))
  await world.round()
  const { record, bucket } = await exported(world, {
    type: 'INCREMENTAL_EXPORT',
    from,
    time,
    view: 'NEW_AND_OLD_IMAGES',
    prefix: 'p',
  })
  t.like(record, {
    status: 'COMPLETED',
    result: { items: 3, manifest: `p/AWSDynamoDB/${record.id}/manifest-summary.json` },
  })
  const lines = (await linesOf(bucket, 'p/AWSDynamoDB/data/')) as { Metadata: object; Keys: { p: { S: string } } }[]
  const byName = Object.fromEntries(lines.map(({ Metadata, ...line }) => [line.Keys.p.S, line as object]))
  const now = item('changed', 1, { n: N(3) })
  t.deepEqual<object, object>(byName, {
    changed: { Keys: key('changed', 1), NewImage: now, OldImage: item('changed', 1, { n: N(1) }) },
    deleted: { Keys: key('deleted', 1), OldImage: item('deleted', 1, { n: N(1) }) },
    new: { Keys: key('new', 1), NewImage: item('new', 1) },
  })
  for (const { Metadata } of lines) {
    const micros = Number((Metadata as { WriteTimestampMicros: { N: string } }).WriteTimestampMicros.N)
    t.true(micros >= from * 1000 && micros < time * 1000)
  }
  const summary = JSON.parse((await getWhole(bucket, record.result!.manifest)).toString())
  t.like(summary, {
    version: '2023-08-01',
    exportFromTime: new Date(from).toISOString(),
    exportToTime: new Date(time).toISOString(),
    outputView: 'NEW_AND_OLD_IMAGES',
    exportType: 'INCREMENTAL_EXPORT',
    itemCount: 3,
  })
  t.false(Object.hasOwn(summary, 'exportTime'))
  const news = await exported(world, { type: 'INCREMENTAL_EXPORT', from, time, view: 'NEW_IMAGE' })
  const kept = (await linesOf(news.bucket, 'AWSDynamoDB/data/')) as object[]
  t.is(kept.length, 3)
  t.false(kept.some(line => Object.hasOwn(line, 'OldImage')))
})

test('an export of nothing has a file all the same', async t => {
  const world = await archived()
  await world.round()
  const { record, bucket } = await exported(world, { time: world.clock.time })
  t.like(record, { status: 'COMPLETED', result: { items: 0, bytes: 0 } })
  t.deepEqual(await linesOf(bucket, `AWSDynamoDB/${record.id}/data/`), [])
  t.is((await all(bucket.list(`AWSDynamoDB/${record.id}/data/`))).length, 1)
})

test('an export of what is damaged fails', async t => {
  const world = await archived()
  await world.leader.write(put(item('a', 1)))
  await world.round()
  for (const name of await world.names()) if (name.includes('rows-')) await world.objects.put(name, Buffer.of(1))
  const { record } = await exported(world, {})
  t.is(record.status, 'FAILED')
})
