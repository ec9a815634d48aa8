/** What a partition knows of its table. It changes by entries of its log only, so that apply needs nothing from outside. */
import type { IndexSchema, TableSchema } from '../model/schema.ts'
import type { PartitionSlice } from '../model/table.ts'

export type PartitionSchema = {
  /** Grows with every change. */
  version: number
  table: TableSchema
  /** Partitions of each global index, by index id: where the changes of this partition's rows go. */
  routes: Record<string, PartitionSlice[]>
  /** Ids of global indexes that were added to a table with items: their rows must be made from what is here. */
  backfill: string[]
  /** Entries are to be kept until they are archived. */
  archived?: boolean
  /** The table is going: no transaction may begin here any more. */
  closing?: boolean
  /** Others are about to take over: the route, among `routes`, by which all rows go to them. */
  handing?: string
  /** One of those others, as long as rows are coming: nothing is served. */
  filling?: boolean
  /** Others take over: the rows never change again, and nothing is served. */
  sealed?: boolean
  /** Others have taken over; the table goes on, and client tokens of transactions that were decided here may come again. */
  retired?: boolean
  /** Added to positions before they become sequence numbers: those of the partitions that were before come first. */
  base?: number
  /** Of a global index's partition that takes over from others, or is taken over from; `table` then is the table without indexes. */
  index?: IndexSchema
  /** Of one that is still being filled: where from, and nobody else. */
  sources?: string[]
  /** What was taken in by those before it, by source. */
  consumed?: Record<string, number>
}

/** What the entry at `position` has in its sequence numbers. */
export function numbered(position: number, schema: PartitionSchema | undefined): number {
  return (schema?.base ?? 0) + position
}

/** Local indexes are fixed with the table, so their place among each other names them for ever. */
export function localIndexNumber(table: TableSchema, id: string): number {
  return table.indexes.filter(index => index.kind === 'LOCAL').findIndex(index => index.id === id)
}

export function globalIndexes(table: TableSchema): IndexSchema[] {
  return table.indexes.filter(index => index.kind === 'GLOBAL')
}
