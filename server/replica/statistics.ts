/** What a partition holds, and has to do. */
import { setOwn } from '../model/item.ts'
import { localIndexNumber } from '../partition/schema.ts'
import type { RowStatistics } from '../store/rows.ts'
import type { Store } from '../store/store.ts'
import type { Applier } from './applier.ts'
import type { Heat, HeatReading } from './heat.ts'

/** What one partition holds: its own rows, and those of its local indexes by index name; and what it has to do. */
export type PartitionStatistics = RowStatistics & { local: Record<string, RowStatistics>; heat: HeatReading }

export function statisticsOf({ schema, state }: Applier, { reader }: Store, heat: Heat): PartitionStatistics {
  const { items, bytes } = state
  const local: Record<string, RowStatistics> = {}
  for (const index of schema?.table.indexes ?? []) {
    if (index.kind !== 'LOCAL') continue
    setOwn(local, index.name, reader.localStatistics(localIndexNumber(schema!.table, index.id)))
  }
  return { items, bytes, local, heat: heat.read() }
}
