import test from 'ava'
import { systemClock } from '../../../server/base/clock.ts'
import type { Items } from '../../../server/cluster/cluster.ts'
import { Insights, type InsightsWindow } from '../../../server/cluster/insights.ts'
import { WatchedItems, watchedIndex, watchedTable } from '../../../server/cluster/watched.ts'
import { rowKey } from '../../../server/codec/key.ts'
import { hashRange, queryRange } from '../../../server/codec/range.ts'
import { dynamo, validation } from '../../../server/model/errors.ts'
import type { Item } from '../../../server/model/item.ts'
import { type ContributorInsights, schemaOf, type TableRecord } from '../../../server/model/table.ts'
import type { Page } from '../../../server/partition/command.ts'
import { globalIndex, table } from './given.ts'

const START = Date.UTC(2026, 0, 1, 12, 0)
const MINUTE = 60_000
const ON: ContributorInsights = { enabled: true, mode: 'ACCESSED_AND_THROTTLED_KEYS', since: START, changedAt: START }

const KEYS: Partial<TableRecord> = {
  attributeDefinitions: [
    { AttributeName: 'id', AttributeType: 'S' },
    { AttributeName: 'n', AttributeType: 'N' },
    { AttributeName: 'g', AttributeType: 'S' },
  ],
  keySchema: [
    { AttributeName: 'id', KeyType: 'HASH' },
    { AttributeName: 'n', KeyType: 'RANGE' },
  ],
}

type Scene = {
  watched: WatchedItems
  at(minutes: number): void
  windows(record: TableRecord, index?: string): InsightsWindow[]
}

/** Items over the given answers. */
function scene(answers: Partial<Items>): Scene {
  let now = START
  const insights = new Insights({ ...systemClock, now: () => now })
  return {
    watched: new WatchedItems(answers as Items, insights),
    at: minutes => void (now = START + minutes * MINUTE),
    windows(record, index) {
      const watched = index === undefined ? watchedTable(record) : watchedIndex(record, index)
      return watched ? insights.windows(watched) : []
    },
  }
}

const item = (id: string, n: number): Item => ({ id: { S: id }, n: { N: String(n) } })
const keyOf = (record: TableRecord, key: Item) => rowKey(schemaOf(record).key, key)
const row = (item: Item, size: number) => ({ json: JSON.stringify(item), size })

test('reads and writes weigh what they consume, writes three times', async t => {
  const record = table({ ...KEYS, contributorInsights: ON })
  const s = scene({
    get: async () => row(item('a', 1), 8000),
    write: async () => ({ units: { table: 2, indexes: {} } }),
  })
  await s.watched.get(record, keyOf(record, item('a', 1)), true)
  await s.watched.get(record, keyOf(record, item('a', 2)), false)
  await s.watched.write(record, { kind: 'delete', key: keyOf(record, item('b', 1)), keyItem: item('b', 1) })
  const [window] = s.windows(record)
  t.deepEqual(window!.accessedPartitions, [
    { keys: { id: { S: 'b' } }, value: 6, excess: 0 },
    { keys: { id: { S: 'a' } }, value: 3, excess: 0 },
  ])
  t.deepEqual(window!.accessedItems, [
    { keys: item('b', 1), value: 6, excess: 0 },
    { keys: item('a', 1), value: 2, excess: 0 },
    { keys: item('a', 2), value: 1, excess: 0 },
  ])
  t.deepEqual(window!.throttledPartitions, [])
})

test('nothing is counted where it is not enabled', async t => {
  const s = scene({ get: async () => undefined })
  const record = table({ ...KEYS, contributorInsights: { ...ON, enabled: false } })
  await s.watched.get(record, keyOf(record, item('a', 1)), true)
  t.deepEqual(s.windows({ ...record, contributorInsights: ON }), [])
})

test("a query's units are its partition's, and its items' by their sizes; of a scan they are the items'", async t => {
  const record = table({ ...KEYS, contributorInsights: ON })
  const rows = [row(item('a', 1), 3072), row(item('a', 2), 1024)]
  const page: Page = { rows, bytes: 4096, cut: false }
  const s = scene({ range: async () => page })
  await s.watched.range(record, undefined, { ...queryRange([{ S: 'a' }], []), maxBytes: 1e6 }, true)
  t.deepEqual(s.windows(record)[0]!.accessedPartitions, [{ keys: { id: { S: 'a' } }, value: 1, excess: 0 }])
  t.deepEqual(
    s.windows(record)[0]!.accessedItems.map(({ value }) => value),
    [0.75, 0.25],
  )
  await s.watched.range(record, undefined, { ...hashRange(0, 2 ** 32), maxBytes: 1e6 }, true)
  t.is(s.windows(record)[0]!.accessedPartitions[0]!.value, 2)
  await s.watched.range(
    record,
    undefined,
    { ...queryRange([{ S: 'a' }], [{ operator: '>', values: [{ N: '-1' }] }]), maxBytes: 1e6 },
    true,
  )
  t.is(s.windows(record)[0]!.accessedPartitions[0]!.value, 3)
})

test('a query that finds nothing has still looked somewhere', async t => {
  const record = table({ ...KEYS, contributorInsights: ON })
  const s = scene({ range: async () => ({ rows: [], bytes: 0, cut: false }) })
  await s.watched.range(record, undefined, { ...queryRange([{ S: 'none' }], []), maxBytes: 1e6 }, false)
  t.deepEqual(s.windows(record)[0]!.accessedPartitions, [{ keys: { id: { S: 'none' } }, value: 0.5, excess: 0 }])
})

test('an index counts by its own key, and for itself', async t => {
  const index = globalIndex('byG', { contributorInsights: ON })
  const record = table({ ...KEYS, globalIndexes: [index] })
  const rows = [row({ ...item('a', 1), g: { S: 'x' } }, 100)]
  const s = scene({ range: async () => ({ rows, bytes: 100, cut: false }) })
  await s.watched.range(record, { globalIndex: index }, { ...queryRange([{ S: 'x' }], []), maxBytes: 1e6 }, false)
  t.deepEqual(s.windows(record, index.id)[0]!.accessedPartitions, [{ keys: { g: { S: 'x' } }, value: 0.5, excess: 0 }])
  t.deepEqual(s.windows(record, index.id)[0]!.accessedItems, [])
  t.deepEqual(s.windows(record), [])
})

test('what was refused for lack of throughput is counted apart, other refusals are not', async t => {
  let refusal: Error = dynamo('ProvisionedThroughputExceededException', 'too much')
  const s = scene({ get: () => Promise.reject(refusal) })
  const record = table({ ...KEYS, contributorInsights: { ...ON, mode: 'THROTTLED_KEYS' } })
  const read = () => s.watched.get(record, keyOf(record, item('a', 1)), true)
  await t.throwsAsync(read(), { message: 'too much' })
  await t.throwsAsync(read(), { message: 'too much' })
  refusal = validation('no')
  await t.throwsAsync(read(), { message: 'no' })
  const [window] = s.windows(record)
  t.deepEqual(window!.throttledPartitions, [{ keys: { id: { S: 'a' } }, value: 2, excess: 0 }])
  t.deepEqual(window!.throttledItems, [{ keys: item('a', 1), value: 2, excess: 0 }])
  t.deepEqual(window!.accessedPartitions, [])
})

test('only throttled keys, if only they are asked for', async t => {
  const s = scene({ get: async () => undefined, range: async () => ({ rows: [], bytes: 0, cut: false }) })
  const record = table({ ...KEYS, contributorInsights: { ...ON, mode: 'THROTTLED_KEYS' } })
  await s.watched.get(record, keyOf(record, item('a', 1)), true)
  await s.watched.range(record, undefined, { ...queryRange([{ S: 'a' }], []), maxBytes: 1e6 }, false)
  t.deepEqual(s.windows(record), [])
})

test('counting begins anew every five minutes; the window before is kept', async t => {
  const record = table({ ...KEYS, contributorInsights: ON })
  const s = scene({ get: async () => undefined })
  const read = (id: string) => s.watched.get(record, keyOf(record, item(id, 1)), true)
  const seen = () => s.windows(record).map(window => window.accessedPartitions.map(({ keys }) => keys.id!.S))
  await read('first')
  s.at(7)
  await read('second')
  t.deepEqual(seen(), [['second'], ['first']])
  const [present, before] = s.windows(record)
  t.deepEqual([before!.from, before!.to], [START, START + 5 * MINUTE])
  t.deepEqual([present!.from, present!.to], [START + 5 * MINUTE, START + 7 * MINUTE])
  s.at(11)
  t.deepEqual(seen(), [['second']])
  await read('third')
  t.deepEqual(seen(), [['third'], ['second']])
  s.at(30)
  t.deepEqual(seen(), [])
})

test('enabling again begins anew', async t => {
  const s = scene({ get: async () => undefined })
  const record = table({ ...KEYS, contributorInsights: ON })
  await s.watched.get(record, keyOf(record, item('old', 1)), true)
  const again = { ...record, contributorInsights: { ...ON, since: START + 1 } }
  t.deepEqual(s.windows(again), [])
  await s.watched.get(again, keyOf(again, item('new', 1)), true)
  t.deepEqual(
    s.windows(again)[0]!.accessedPartitions.map(({ keys }) => keys.id),
    [{ S: 'new' }],
  )
})
