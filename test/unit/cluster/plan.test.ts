import test from 'ava'
import { advance, partitionIds, partitionRecords, slices } from '../../../server/cluster/plan.ts'
import type { LeaderRecord } from '../../../server/cluster/records.ts'
import type { TableRecord } from '../../../server/model/table.ts'
import { globalIndex, table } from './given.ts'

const leader = (more: Partial<LeaderRecord> = {}): LeaderRecord => ({
  node: 'n',
  lease: 'l',
  epoch: 1,
  schemaVersion: 1,
  built: [],
  closed: false,
  ...more,
})

/** All partitions led, alike but for those named. */
function led(record: TableRecord, common: Partial<LeaderRecord> = {}, others: Record<string, undefined> = {}) {
  const leaders = new Map(partitionIds(record).map(id => [id, leader(common)]))
  return (id: string) => (id in others ? others[id] : leaders.get(id))
}

test('slices cover the hash space without gap or overlap', t => {
  for (const count of [1, 2, 3, 7, 1024]) {
    const cut = slices(count, () => 'id')
    t.is(cut.length, count)
    t.deepEqual([cut[0]!.from, cut.at(-1)!.to], [0, 2 ** 32])
    for (let i = 1; i < count; i++) t.is(cut[i]!.from, cut[i - 1]!.to)
    const widths = cut.map(({ from, to }) => to - from)
    t.true(Math.max(...widths) - Math.min(...widths) <= 1)
  }
})

test("the table's own partitions get the schema, those of indexes do not", t => {
  const building = globalIndex('new', { status: 'CREATING', backfilling: false })
  const doomed = globalIndex('old', { status: 'DELETING' })
  const record = table({ globalIndexes: [globalIndex('g'), building, doomed], schemaVersion: 4 })
  const partitions = partitionRecords(record)
  t.deepEqual(
    partitions.map(({ id }) => id),
    partitionIds(record),
  )
  const [own, ...rest] = [partitions.slice(0, 2), partitions.slice(2)]
  for (const { schema, tableId } of own) {
    t.deepEqual([tableId, schema!.version], ['table-id', 4])
    t.deepEqual(Object.keys(schema!.routes), ['id of g', 'id of new'])
    t.deepEqual(schema!.backfill, ['id of new'])
    t.deepEqual(
      schema!.table.indexes.map(({ name }) => name),
      ['g', 'new'],
    )
  }
  for (const { schema } of rest.flat()) t.is(schema, undefined)
})

test('a table is there once all of its partitions are led, and know their schema', t => {
  const creating = globalIndex('g', { status: 'CREATING' })
  const record = table({ status: 'CREATING', globalIndexes: [creating] })
  t.is(
    advance(record, () => undefined),
    undefined,
  )
  t.is(advance(record, led(record, { schemaVersion: 0 })), undefined)
  for (const id of partitionIds(record)) t.is(advance(record, led(record, {}, { [id]: undefined })), undefined)
  const step = advance(record, led(record))!
  t.deepEqual(step, {
    record: { ...record, status: 'ACTIVE', globalIndexes: [{ ...creating, status: 'ACTIVE' }] },
    drop: [],
  })
  t.is(advance(step.record as TableRecord, led(record)), undefined)
})

test('a table is not waited for to hear of what concerns few of its partitions', t => {
  const record = table({ status: 'UPDATING', schemaVersion: 7, commonVersion: 4 })
  t.is(advance(record, led(record, { schemaVersion: 3 })), undefined)
  t.is((advance(record, led(record, { schemaVersion: 4 }))!.record as TableRecord).status, 'ACTIVE')
})

test('an index is built, seen to be backfilled, and then active', t => {
  const building = globalIndex('g', { status: 'CREATING', backfilling: false })
  const record = table({ status: 'UPDATING', updating: 'INDEX', globalIndexes: [building], schemaVersion: 2 })
  t.is(advance(record, led(record, { schemaVersion: 1 })), undefined)
  const first = advance(record, led(record, { schemaVersion: 2 }))!.record as TableRecord
  t.deepEqual([first.status, first.updating, first.globalIndexes[0]!.backfilling], ['ACTIVE', undefined, true])
  t.is(advance(first, led(first, { schemaVersion: 2 })), undefined)
  const built = { schemaVersion: 2, built: ['id of g'] }
  const away = { [building.partitions[0]!.id]: undefined }
  t.is(advance(first, led(first, built, away)), undefined)
  const last = advance(first, led(first, built))!.record as TableRecord
  t.is(last.globalIndexes[0]!.status, 'ACTIVE')
  t.false('backfilling' in last.globalIndexes[0]!)
  t.is(advance(last, led(last, built)), undefined)
})

test('an index that goes is first left by the table, then dropped, then forgotten', t => {
  const doomed = globalIndex('g', { status: 'DELETING' })
  const record = table({ status: 'UPDATING', updating: 'INDEX', globalIndexes: [doomed], schemaVersion: 2 })
  t.is(advance(record, led(record, { schemaVersion: 1 })), undefined)
  const first = advance(record, led(record, { schemaVersion: 2 }))!
  t.deepEqual(
    first.drop,
    doomed.partitions.map(({ id }) => id),
  )
  const dropped = first.record as TableRecord
  t.true(dropped.globalIndexes[0]!.dropped)
  t.is(advance(dropped, led(dropped, { schemaVersion: 2 })), undefined)
  const gone = Object.fromEntries(doomed.partitions.map(({ id }) => [id, undefined]))
  const last = advance(dropped, led(dropped, { schemaVersion: 2 }, gone))!.record as TableRecord
  t.deepEqual([last.globalIndexes, last.status], [[], 'ACTIVE'])
})

test('a deleted table closes its partitions, drops them, and goes when none is led any more', t => {
  const index = globalIndex('g')
  const record = table({ status: 'DELETING', globalIndexes: [index], schemaVersion: 2 })
  const own = record.partitions.map(({ id }) => id)
  const asked = partitionRecords(record)
  t.deepEqual(
    asked.map(({ id, schema }) => [id, schema!.closing, schema!.routes]),
    own.map(id => [id, true, {}]),
  )
  t.is(
    advance(record, () => undefined),
    undefined,
    'one that is not led may have decided what others need',
  )
  t.is(advance(record, led(record, { schemaVersion: 2 })), undefined)
  const closed = { schemaVersion: 2, closed: true }
  for (const id of own) t.is(advance(record, led(record, closed, { [id]: undefined })), undefined)
  const step = advance(record, led(record, closed))!
  t.deepEqual(step, { record: { ...record, dropped: true }, drop: own })
  const dropped = step.record as TableRecord
  const ids = partitionIds(dropped)
  t.is(
    advance(dropped, id => (id === ids.at(-1) ? leader() : undefined)),
    undefined,
  )
  t.deepEqual(
    advance(dropped, () => undefined),
    { record: 'gone', drop: [] },
  )
})
