/**
 * What a table's record means for its partitions, and what the partitions' progress means for the record. Pure: the
 * lifecycle reads, asks here, and commits.
 */
import { isDeepStrictEqual } from 'node:util'
import type { TableSchema } from '../model/schema.ts'
import type { GlobalIndexRecord, PartitionSlice, TableRecord } from '../model/table.ts'
import { schemaOf } from '../model/table.ts'
import type { PartitionSchema } from '../partition/schema.ts'
import type { LeaderRecord, PartitionRecord } from './records.ts'
import { lastRetention } from './streamrecords.ts'

const HASHES = 2 ** 32

/** `count` slices of equal width over the whole hash space. */
export function slices(count: number, uuid: () => string): PartitionSlice[] {
  const bound = (index: number) => Math.floor((HASHES * index) / count)
  return Array.from({ length: count }, (_, index) => ({ id: uuid(), from: bound(index), to: bound(index + 1) }))
}

/** All partitions the record names: its own first, then its indexes'. */
export function partitionIds(table: TableRecord): string[] {
  return [...table.partitions.map(({ id }) => id), ...indexPartitionIds(table)]
}

export function indexPartitionIds(table: TableRecord): string[] {
  return table.globalIndexes.flatMap(index => index.partitions).map(({ id }) => id)
}

/** The records of all partitions the table should have now, but for the nodes that hold them. */
export function partitionRecords(table: TableRecord): Omit<PartitionRecord, 'replicas' | 'move' | 'lead'>[] {
  const schema = partitionSchema(table)
  const own = table.partitions.map(({ id }) => ({ id, tableId: table.id, schema }))
  if (table.status === 'DELETING') return own
  const ofIndexes = table.globalIndexes.flatMap(index => index.partitions.map(({ id }) => ({ id, tableId: table.id })))
  return [...own, ...ofIndexes]
}

/** Progress of the partitions, by id. */
export type Leaders = (partition: string) => LeaderRecord | undefined

/** A table's next record, and the partitions that have to go with it. `gone`: nothing of a deleted table is left. */
export type Step = {
  record: TableRecord | 'gone'
  drop: string[]
  /** What stays of a table that is gone; see remains.ts. */
  remains?: TableRecord
}

/** What there is to do now; undefined until something changes. */
export function advance(table: TableRecord, leaders: Leaders): Step | undefined {
  if (table.farewell || (table.filling && table.status === 'CREATING')) return undefined
  if (table.status === 'DELETING') return advanceDeletion(table, leaders)
  const settled = table.status === 'ACTIVE' && table.globalIndexes.every(index => index.status === 'ACTIVE')
  if (settled || !hasAdopted(table, leaders)) return undefined
  if (table.status === 'CREATING') return advanceCreation(table, leaders)
  const doomed = table.globalIndexes.filter(index => index.status === 'DELETING' && !index.dropped)
  const globalIndexes = table.globalIndexes
    .filter(index => !(index.dropped && index.partitions.every(({ id }) => !leaders(id))))
    .map(index => advanceIndex(table, index, leaders))
  const { updating: _, ...rest } = table
  const busy = globalIndexes.some(index => index.status === 'DELETING')
  const record: TableRecord = busy ? { ...table, globalIndexes } : { ...rest, globalIndexes, status: 'ACTIVE' }
  const drop = doomed.flatMap(index => index.partitions).map(({ id }) => id)
  return isDeepStrictEqual(record, table) ? undefined : { record, drop }
}

/** Whether all of the table's partitions know its present keys and indexes. */
function hasAdopted(table: TableRecord, leaders: Leaders): boolean {
  return table.partitions.every(({ id }) => (leaders(id)?.schemaVersion ?? -1) >= (table.schemaVersion ?? 0))
}

function advanceCreation(table: TableRecord, leaders: Leaders): Step | undefined {
  if (!partitionIds(table).every(id => leaders(id))) return undefined
  const globalIndexes = table.globalIndexes.map(index => ({ ...index, status: 'ACTIVE' as const }))
  return { record: { ...table, status: 'ACTIVE', globalIndexes }, drop: [] }
}

/** A partition goes only when no transaction anywhere depends on what it has decided (INV-T3). */
function advanceDeletion(table: TableRecord, leaders: Leaders): Step | undefined {
  if (table.dropped) return partitionIds(table).some(id => leaders(id)) ? undefined : { record: 'gone', drop: [] }
  const areClosed = table.partitions.every(({ id }) => leaders(id)?.closed)
  if (!areClosed) return undefined
  if (lastRetention(table) !== undefined) {
    const isAlone = !indexPartitionIds(table).some(id => leaders(id))
    return isAlone ? { record: 'gone', drop: [], remains: table } : undefined
  }
  return { record: { ...table, dropped: true }, drop: table.partitions.map(({ id }) => id) }
}

/** CREATING: `backfilling` false, then true, then ACTIVE once all rows are made. */
function advanceIndex(table: TableRecord, index: GlobalIndexRecord, leaders: Leaders): GlobalIndexRecord {
  if (index.status === 'DELETING') return { ...index, dropped: true }
  if (index.status !== 'CREATING') return { ...index, status: 'ACTIVE' }
  const isLed = index.partitions.every(({ id }) => leaders(id))
  const isBuilt = isLed && table.partitions.every(({ id }) => leaders(id)?.built.includes(index.id))
  if (!isBuilt) return { ...index, backfilling: true }
  const { backfilling: _, ...built } = index
  return { ...built, status: 'ACTIVE' }
}

function partitionSchema(table: TableRecord): PartitionSchema {
  const isClosing = table.status === 'DELETING'
  const live = isClosing ? [] : table.globalIndexes.filter(index => index.status !== 'DELETING')
  return {
    version: table.schemaVersion ?? 0,
    table: isClosing ? withoutDuties(schemaOf(table)) : schemaOf(table),
    routes: Object.fromEntries(live.map(index => [index.id, index.partitions])),
    backfill: live.filter(index => index.backfilling !== undefined).map(index => index.id),
    ...(table.pointInTimeRecovery && !isClosing && { archived: true }),
    ...(isClosing && { closing: true }),
  }
}

/** A table that is going records nothing any more, and lets nothing expire. */
function withoutDuties({ stream: _, timeToLive: __, ...schema }: TableSchema): TableSchema {
  return schema
}
