/** Streams by their tables' records, and what stays of tables that were deleted. */
import test from 'ava'
import { systemClock } from '../../../server/base/clock.ts'
import { silent } from '../../../server/base/logger.ts'
import { systemRandom } from '../../../server/base/random.ts'
import { advance } from '../../../server/cluster/plan.ts'
import { type LeaderRecord, partitionKey, remainsKey, tableKey } from '../../../server/cluster/records.ts'
import { Remains } from '../../../server/cluster/remains.ts'
import { RETENTION_MS, streamsOf } from '../../../server/cluster/streamrecords.ts'
import { LocalMetadata } from '../../../server/metadata/local/local.ts'
import { cut, globalIndex, table } from './given.ts'

const REALM = { account: '1', region: 'r' }
const LABEL = '2024-01-01T00:00:00.000'
const stream = { stream: { viewType: 'NEW_IMAGE' as const }, latestStreamLabel: LABEL }
const past = (label: string, endedAt: number) => ({ label, viewType: 'KEYS_ONLY' as const, endedAt })
const closed: LeaderRecord = { node: 'n', lease: 'l', epoch: 1, schemaVersion: 9, built: [], closed: true }

const seen = (record: Parameters<typeof streamsOf>[0], now = 1000) =>
  streamsOf(record, now).map(({ label, status, viewType }) => `${label} ${status} ${viewType}`)

test('the streams of a table, in all of its life', t => {
  t.deepEqual(seen(table()), [])
  t.deepEqual(seen(table({ ...stream, status: 'CREATING' })), [`${LABEL} ENABLING NEW_IMAGE`])
  t.deepEqual(seen(table(stream)), [`${LABEL} ENABLED NEW_IMAGE`])
  const updating = { status: 'UPDATING', updating: 'STREAM' } as const
  t.deepEqual(seen(table({ ...stream, ...updating, pastStreams: [past('a', 5)] })), [
    'a DISABLED KEYS_ONLY',
    `${LABEL} ENABLING NEW_IMAGE`,
  ])
  t.deepEqual(seen(table({ ...updating, pastStreams: [past('a', 5), past('b', 6)] })), [
    'a DISABLED KEYS_ONLY',
    'b DISABLING KEYS_ONLY',
  ])
  t.deepEqual(seen(table({ ...stream, status: 'UPDATING', updating: 'INDEX' })), [`${LABEL} ENABLED NEW_IMAGE`])
  const deleted = table({ ...stream, status: 'DELETING', deletedAt: 7, pastStreams: [past('a', 5)] })
  t.deepEqual(seen(deleted), ['a DISABLED KEYS_ONLY', `${LABEL} DISABLED NEW_IMAGE`])
  t.deepEqual(seen(deleted, RETENTION_MS + 5), [`${LABEL} DISABLED NEW_IMAGE`])
  t.deepEqual(seen(deleted, RETENTION_MS + 7), [])
})

test('a deleted table with a stream leaves its record, and its own partitions', t => {
  const index = globalIndex('g')
  const record = table({ ...stream, status: 'DELETING', deletedAt: 7, globalIndexes: [index], schemaVersion: 9 })
  const own = new Set(record.partitions.map(({ id }) => id))
  t.is(
    advance(record, id => (own.has(id) ? { ...closed, closed: false } : undefined)),
    undefined,
  )
  t.is(
    advance(record, () => closed),
    undefined,
    'its indexes go first',
  )
  t.deepEqual(
    advance(record, id => (own.has(id) ? closed : undefined)),
    { record: 'gone', drop: [], remains: record },
  )
  const without = table({ status: 'DELETING', deletedAt: 7, schemaVersion: 9 })
  t.deepEqual(
    advance(without, () => closed)!.drop,
    without.partitions.map(({ id }) => id),
  )
})

test('what remains goes when a day has passed, and early if there is too much', async t => {
  const metadata = new LocalMetadata(':memory:', systemRandom)
  let now = 1000
  const remains = new Remains(metadata, REALM, { ...systemClock, now: () => now }, silent)
  await remains.start()
  t.teardown(async () => {
    remains.stop()
    await metadata.close()
  })
  const leave = async (name: string, deletedAt: number) => {
    const record = table({ ...stream, id: name, name, status: 'DELETING', deletedAt, partitions: cut(2) })
    const puts = [remainsKey(tableKey(REALM, name), name), ...record.partitions.map(({ id }) => partitionKey(id))]
    await metadata.commit({ guards: [], puts: puts.map(key => ({ key, value: JSON.stringify(record) })) })
  }
  const names = () => remains.list().map(({ name }) => name)
  await leave('one', 10)
  await leave('two', 20)
  await remains.clear()
  t.deepEqual(names(), ['one', 'two'])
  now = RETENTION_MS + 15
  await remains.clear()
  t.deepEqual(names(), ['two'])
  t.is((await metadata.list('partitions/')).length, 2)
  for (let i = 0; i < 252; i++) await leave(`more ${i}`, 1000 + i)
  await remains.clear()
  t.is(names().length, 250)
  t.false(names().includes('two') || names().includes('more 1'))
  t.is((await metadata.list('partitions/')).length, 500)
})
