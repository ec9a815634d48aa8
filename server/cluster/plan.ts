/**
 * What a table's record means for its partitions, and what the partitions' progress means for the record. Pure: the
 * lifecycle reads, asks here, and commits.
 */
import { isDeepStrictEqual } from 'node:util'
import type { TableSchema } from '../model/schema.ts'
import type { GlobalIndexRecord, PartitionSlice, Resharding, TableRecord } from '../model/table.ts'
import { schemaOf } from '../model/table.ts'
import type { PartitionSchema } from '../partition/schema.ts'
import type { LeaderRecord, PartitionRecord } from './records.ts'
import { lastRetention } from './streamrecords.ts'
import { commonVersion } from './versions.ts'

const HASHES = 2 ** 32

/** `count` slices of equal width over the whole hash space. */
export function slices(count: number, uuid: () => string): PartitionSlice[] {
  const bound = (index: number) => Math.floor((HASHES * index) / count)
  return Array.from({ length: count }, (_, index) => ({ id: uuid(), from: bound(index), to: bound(index + 1) }))
}

/** All partitions the record names: its own first, then its indexes'. */
export function partitionIds(table: TableRecord): string[] {
  return [...ownPartitionIds(table), ...indexPartitionIds(table)]
}

/** Those that hold items, or have held them, or will. */
export function ownPartitionIds(table: TableRecord): string[] {
  const { partitions, retired = [] } = table
  return [...partitions, ...retired, ...childrenOf(table, undefined)].map(({ id }) => id)
}

export function indexPartitionIds(table: TableRecord): string[] {
  return table.globalIndexes.flatMap(index => [...index.partitions, ...childrenOf(table, index.id)]).map(({ id }) => id)
}

/** The partitions that are to take over from the index's, or, without one, from the table's own. */
export function childrenOf({ resharding }: TableRecord, index: string | undefined): PartitionSlice[] {
  return resharding && resharding.index === index ? resharding.children : []
}

/** A partition's record but for its place. */
type Unplaced = Omit<PartitionRecord, 'replicas' | 'move' | 'lead'>

/** The records of all partitions the table should have now, but for the nodes that hold them. */
export function partitionRecords(table: TableRecord): Unplaced[] {
  const { id: tableId, partitions, retired = [] } = table
  const own = [
    ...partitions.map(slice => ({ id: slice.id, tableId, schema: handingSchema(table, slice) })),
    ...retired.map(slice => ({ id: slice.id, tableId, schema: retiredSchema(table, slice) })),
    ...childrenOf(table, undefined).map(({ id }) => ({ id, tableId, schema: fillingSchema(table) })),
  ]
  if (table.status === 'DELETING') return own
  return [...own, ...table.globalIndexes.flatMap(index => indexPartitionRecords(table, index))]
}

/** Those of an index know nothing of it, but for those that take over from others, or are taken over from. */
function indexPartitionRecords(table: TableRecord, index: GlobalIndexRecord): Unplaced[] {
  const recordOf = (id: string, schema: PartitionSchema | undefined) => ({
    id,
    tableId: table.id,
    ...(schema && { schema }),
  })
  const children = index.status === 'DELETING' ? [] : childrenOf(table, index.id)
  return [
    ...index.partitions.map(slice => recordOf(slice.id, indexSchema(table, index, slice))),
    ...children.map(({ id }) =>
      recordOf(id, {
        ...indexPartitionSchema(table, index),
        filling: true,
        sources: table.resharding!.parents,
      }),
    ),
  ]
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
  const { updating: _, resharding, ...rest } = table
  const busy = globalIndexes.some(index => index.status === 'DELETING')
  const record: TableRecord = busy ? { ...table, globalIndexes } : { ...rest, globalIndexes, status: 'ACTIVE' }
  // An index takes those that were to take over from its partitions with it.
  if (doomed.some(index => index.id === resharding?.index)) delete record.resharding
  else if (resharding) record.resharding = resharding
  const drop = doomed.flatMap(index => [...index.partitions, ...childrenOf(table, index.id)]).map(({ id }) => id)
  return isDeepStrictEqual(record, table) ? undefined : { record, drop }
}

/** Whether all of the table's partitions know its present keys and indexes. What came later concerns few of them. */
function hasAdopted(table: TableRecord, leaders: Leaders): boolean {
  return table.partitions.every(({ id }) => (leaders(id)?.schemaVersion ?? -1) >= commonVersion(table))
}

function advanceCreation(table: TableRecord, leaders: Leaders): Step | undefined {
  if (!partitionIds(table).every(id => leaders(id))) return undefined
  const globalIndexes = table.globalIndexes.map(index => ({ ...index, status: 'ACTIVE' as const }))
  return { record: { ...table, status: 'ACTIVE', globalIndexes }, drop: [] }
}

/** A partition goes only when no transaction anywhere depends on what it has decided (INV-T3). */
function advanceDeletion(table: TableRecord, leaders: Leaders): Step | undefined {
  if (table.dropped) return partitionIds(table).some(id => leaders(id)) ? undefined : { record: 'gone', drop: [] }
  const areClosed = ownPartitionIds(table).every(id => leaders(id)?.closed)
  if (!areClosed) return undefined
  if (lastRetention(table) !== undefined) {
    const isAlone = !indexPartitionIds(table).some(id => leaders(id))
    return isAlone ? { record: 'gone', drop: [], remains: table } : undefined
  }
  return { record: { ...table, dropped: true }, drop: ownPartitionIds(table) }
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

function partitionSchema(table: TableRecord, { base }: Pick<PartitionSlice, 'base'>): PartitionSchema {
  const isClosing = table.status === 'DELETING'
  const live = isClosing ? [] : table.globalIndexes.filter(index => index.status !== 'DELETING')
  return {
    version: table.schemaVersion ?? 0,
    table: isClosing ? withoutDuties(schemaOf(table)) : schemaOf(table),
    routes: Object.fromEntries(live.map(index => [index.id, index.partitions])),
    backfill: live.filter(index => index.backfilling !== undefined).map(index => index.id),
    ...(table.pointInTimeRecovery && !isClosing && { archived: true }),
    ...(isClosing && { closing: true }),
    ...(base !== undefined && { base }),
  }
}

/** Of one of the table's own. */
function handingSchema(table: TableRecord, slice: PartitionSlice): PartitionSchema {
  const schema = partitionSchema(table, slice)
  const { resharding } = table
  const isHanding = resharding && resharding.phase !== 'making' && resharding.parents.includes(slice.id)
  return isHanding ? handed(schema, resharding) : schema
}

function indexSchema(table: TableRecord, index: GlobalIndexRecord, slice: PartitionSlice): PartitionSchema | undefined {
  const { id, base, consumed } = slice
  const schema = { ...indexPartitionSchema(table, index), ...(consumed && { base, consumed }) }
  const { resharding } = table
  const isHanding = resharding && resharding.phase !== 'making' && resharding.parents.includes(id)
  if (isHanding) return handed(schema, resharding)
  return consumed && schema
}

function indexPartitionSchema(table: TableRecord, { id }: GlobalIndexRecord): PartitionSchema {
  const { indexes, ...keys } = withoutDuties(schemaOf(table))
  const index = indexes.find(index => index.id === id)
  return { version: table.schemaVersion ?? 0, table: { ...keys, indexes: [] }, index, routes: {}, backfill: [] }
}

/** All rows go to those who will take over, in the end for good. */
function handed(schema: PartitionSchema, { id, children, phase }: Resharding): PartitionSchema {
  const { routes, backfill, table } = schema
  const handing = { ...schema, routes: { ...routes, [id]: children }, backfill: [...backfill, id], handing: id }
  return phase === 'filling' ? handing : { ...handing, table: withoutDuties(table), sealed: true }
}

/** Of one that others have taken over from: it keeps what it has. */
function retiredSchema(table: TableRecord, slice: PartitionSlice): PartitionSchema {
  const { version, table: keys, archived, base, closing } = partitionSchema(table, slice)
  const kept = {
    ...(archived && { archived }),
    ...(base !== undefined && { base }),
    ...(!closing && { retired: true }),
  }
  return { version, table: withoutDuties(keys), routes: {}, backfill: [], ...kept, sealed: true, closing: true }
}

/** Of one that is to take over. What it takes in is recorded where it comes from, and feeds no index. */
function fillingSchema(table: TableRecord): PartitionSchema {
  const { version, table: keys, archived, closing } = partitionSchema(table, {})
  const kept = { ...(archived && { archived }), ...(closing && { closing }) }
  return { version, table: withoutDuties(keys), routes: {}, backfill: [], ...kept, filling: true }
}

/** A table that is going records nothing any more, and lets nothing expire. */
function withoutDuties({ stream: _, timeToLive: __, ...schema }: TableSchema): TableSchema {
  return schema
}
