/** A led partition in memory whose clock the test moves, the table it belongs to, and what its log says the table was at any time. */
import { type Clock, systemClock } from '../../../server/base/clock.ts'
import type { Leaders, PartitionLeader } from '../../../server/cluster/leaders.ts'
import type { TableRecord } from '../../../server/model/table.ts'
import { decodeEntry } from '../../../server/partition/entry.ts'
import { PLAIN, partitionSchema } from '../partition/given.ts'
import { type LedPartition, lead } from '../replica/fakes.ts'

export type Given = LedPartition & {
  clock: Clock & { time: number }
  leaders: Leaders
  table: TableRecord
  /** Keys, in hex, and JSON texts of the items after all entries that `isIn` takes. */
  was(isIn: (time: number) => boolean): Promise<Map<string, string>>
}

/** Every look at the clock moves it by a millisecond, so that no two entries have the same time. */
export async function given(archived = false): Promise<Given> {
  const clock: Given['clock'] = {
    ...systemClock,
    time: 1_700_000_000_000,
    now: () => ++clock.time,
    after(ms, task) {
      const timer = setTimeout(task, Math.min(ms, 5))
      return () => clearTimeout(timer)
    },
  }
  const led = await lead({ clock, schema: partitionSchema(PLAIN, {}, { archived }) })
  const leaders: Leaders = { find: () => led.leader as unknown as PartitionLeader }
  const was = async (isIn: (time: number) => boolean) => {
    const rows = new Map<string, string>()
    for (const { bytes } of await led.log.read(0, 1e9)) {
      const entry = decodeEntry(bytes)
      if (entry.kind !== 'write' || !isIn(entry.time)) continue
      for (const { key, image } of entry.effects) {
        const name = Buffer.from(key).toString('hex')
        if (image) rows.set(name, image.json)
        else rows.delete(name)
      }
    }
    return rows
  }
  return { ...led, clock, leaders, table: tableRecord(), was }
}

/** The table of `PLAIN`, in one partition. */
export function tableRecord(more: Partial<TableRecord> = {}): TableRecord {
  return {
    id: 'plain',
    name: 'Plain',
    status: 'ACTIVE',
    createdAt: 0,
    attributeDefinitions: [
      { AttributeName: 'p', AttributeType: 'S' },
      { AttributeName: 's', AttributeType: 'N' },
    ],
    keySchema: [
      { AttributeName: 'p', KeyType: 'HASH' },
      { AttributeName: 's', KeyType: 'RANGE' },
    ],
    localIndexes: [],
    globalIndexes: [],
    billingMode: 'PAY_PER_REQUEST',
    throughput: { read: 0, write: 0 },
    warmThroughput: { read: 0, write: 0 },
    deletionProtection: false,
    tags: [],
    partitions: [{ id: 'source', from: 0, to: 2 ** 32 }],
    ...more,
  }
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}
