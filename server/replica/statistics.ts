/** What a partition holds, and has to do. */
import { hashOfRow } from '../codec/key.ts'
import { setOwn } from '../model/item.ts'
import { localIndexNumber } from '../partition/schema.ts'
import type { RowStatistics } from '../store/rows.ts'
import type { Store } from '../store/store.ts'
import type { Applier } from './applier.ts'
import type { Heat, HeatReading } from './heat.ts'

/** What one partition holds: its own rows, and those of its local indexes by index name; and what it has to do. */
export type PartitionStatistics = RowStatistics & {
  local: Record<string, RowStatistics>
  heat: HeatReading
  /** The least and the greatest of its own rows; undefined if there are none. */
  hashes?: { least: number; greatest: number }
}

/** `leads`: else the file may be closed. */
export function statisticsOf(
  { schema, state }: Applier,
  { reader }: Store,
  heat: Heat,
  leads: boolean,
): PartitionStatistics {
  const { items, bytes } = state
  const local: Record<string, RowStatistics> = {}
  for (const index of schema?.table.indexes ?? []) {
    if (index.kind !== 'LOCAL') continue
    setOwn(local, index.name, reader.localStatistics(localIndexNumber(schema!.table, index.id)))
  }
  const ends = leads ? reader.ends() : undefined
  const hashes = ends && { least: hashOfRow(ends.first), greatest: hashOfRow(ends.last) }
  return { items, bytes, local, heat: heat.read(), ...(hashes && { hashes }) }
}
