/** The record of a table while partitions of its index take over from others. */
import test from 'ava'
import { advanceResharding, beginResharding } from '../../../server/cluster/growth/resharding.ts'
import type { LeaderRecord } from '../../../server/cluster/records.ts'
import type { TableRecord } from '../../../server/model/table.ts'
import { cut, globalIndex, table } from './given.ts'

const leader = (more: Partial<LeaderRecord>): LeaderRecord => ({
  ...{ node: 'n', lease: 'l', epoch: 1, schemaVersion: 0, built: [], closed: false },
  ...more,
})

test('what was taken in goes to those who take over, of sources that are there, and is in the record until they know', t => {
  const sources = cut(2)
  const [one, two] = sources.map(({ id }) => id) as [string, string]
  const old = cut(2)
  const record = table({ partitions: sources, globalIndexes: [globalIndex('g', { partitions: old })] })
  let made = 0
  const begun = beginResharding(record, { parents: old, cuts: [], index: 'id of g' }, () => `made ${++made}`, 1)!
  const sealing: TableRecord = { ...begun, resharding: { ...begun.resharding!, phase: 'sealing' } }
  const sealed = [
    { position: 30, consumed: { [one]: 5, [two]: 9, retired: 7 } },
    { position: 40, consumed: { [one]: 6, retired: 8 } },
  ]
  const leaders = new Map(old.map(({ id }, i) => [id, leader({ sealed: sealed[i]! })]))
  const step = advanceResharding(sealing, id => leaders.get(id), 1)!
  const taken = step.record as TableRecord
  const [heir, ...others] = taken.globalIndexes[0]!.partitions
  t.deepEqual(others, [])
  t.deepEqual([heir!.base, heir!.consumed, heir!.told], [40, { [one]: 5 }, taken.schemaVersion])
  t.deepEqual(step.drop, [old[0]!.id, old[1]!.id])

  const again = beginResharding(taken, { parents: sources, cuts: [] }, () => `made ${++made}`, 1)!
  const next = (known: number) => {
    const version = (id: string) => (id === heir!.id ? known : again.schemaVersion!)
    const { record } = advanceResharding(again, id => leader({ schemaVersion: version(id) }), 1)!
    return (record as TableRecord).globalIndexes[0]!.partitions
  }
  t.deepEqual(next(taken.schemaVersion! - 1), [heir])
  t.deepEqual(next(taken.schemaVersion!), [{ id: heir!.id, from: 0, to: 2 ** 32, base: 40 }])
})
