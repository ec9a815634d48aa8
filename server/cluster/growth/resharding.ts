/**
 * Splitting and merging partitions while they serve. The new ones are filled as if they were those of a global index with the table's
 * own key: every write of the old ones goes to them too, and so do the rows of before. Then the old ones are sealed: they take no
 * change any more, and when all of theirs have gone over, the table's record names the new ones in their place. Pure.
 */
import type { GlobalIndexRecord, PartitionSlice, Resharding, RetiredPartition, TableRecord } from '../../model/table.ts'
import type { HandedOver } from '../../replica/sealing.ts'
import type { Leaders, Step } from '../plan.ts'
import { RETENTION_MS } from '../streamrecords.ts'
import { nextVersion, toldToSome } from '../versions.ts'

/** Where a stretch of the hash space is to be cut. `index`: id of the global index whose partitions these are, if they are not the table's own. */
export type Cuts = { parents: PartitionSlice[]; cuts: number[]; index?: string }

/**
 * The table with the work begun: its partitions `parents`, which lie side by side, are to become `cuts.length + 1`. Undefined if it can't
 * begin now: another work of the kind is under way, or the table is not as it was.
 */
export function beginResharding(
  table: TableRecord,
  { parents, cuts, index }: Cuts,
  uuid: () => string,
  now: number,
): TableRecord | undefined {
  const isThere = ({ id }: PartitionSlice) => slicesOf(table, index).some(slice => slice.id === id)
  const isBusy = table.resharding || table.filling || table.status === 'CREATING' || table.status === 'DELETING'
  if (isBusy || parents.length === 0 || !parents.every(isThere)) return undefined
  const sorted = parents.toSorted((a, b) => a.from - b.from)
  const bounds = [sorted[0]!.from, ...cuts, sorted.at(-1)!.to]
  const isWhole = sorted.every((slice, i) => i === 0 || slice.from === sorted[i - 1]!.to)
  if (!isWhole || bounds.some((bound, i) => i > 0 && bound <= bounds[i - 1]!)) return undefined
  const children = bounds.slice(1).map((to, i) => ({ id: uuid(), from: bounds[i]!, to }))
  const resharding: Resharding = {
    id: uuid(),
    phase: 'making',
    parents: sorted.map(({ id }) => id),
    children,
    ...(index !== undefined && { index }),
    since: now,
  }
  return toldToSome({ ...table, resharding })
}

/** Of the table, or of the index; none of an index that comes or goes. */
function slicesOf({ partitions, globalIndexes }: TableRecord, index: string | undefined): PartitionSlice[] {
  if (index === undefined) return partitions
  return globalIndexes.find(({ id, status }) => id === index && status === 'ACTIVE')?.partitions ?? []
}

/** What there is to do now; undefined until something changes. */
export function advanceResharding(table: TableRecord, leaders: Leaders, now: number): Step | undefined {
  if (table.status === 'CREATING' || table.status === 'DELETING') return undefined
  const { resharding } = table
  if (!resharding) return advanceRetired(table, leaders, now)
  const { id, phase, parents, children } = resharding
  const knows = (partition: string) => (leaders(partition)?.schemaVersion ?? -1) >= (table.schemaVersion ?? 0)
  const next = (phase: Resharding['phase']) =>
    step({ record: { ...table, resharding: { ...resharding, phase } }, drop: [] }, leaders)
  switch (phase) {
    case 'making':
      return children.every(child => knows(child.id)) ? next('filling') : undefined
    case 'filling':
      return parents.every(parent => leaders(parent)?.built.includes(id)) ? next('sealing') : undefined
    case 'sealing': {
      const sealed = new Map(parents.flatMap(id => (leaders(id)?.sealed ? [[id, leaders(id)!.sealed!] as const] : [])))
      if (sealed.size < parents.length) return undefined
      const { index } = resharding
      return step(
        index === undefined ? takeOver(table, resharding, sealed, now) : takeIndexOver(table, resharding, sealed),
        leaders,
      )
    }
  }
}

/** By parent. */
type Sealed = Map<string, HandedOver>
type Change = { record: TableRecord; drop: string[] }

/** The children are the table's partitions from now on. */
function takeOver(table: TableRecord, resharding: Resharding, sealed: Sealed, now: number): Change {
  const { resharding: _, partitions, retired = [], ...rest } = table
  const { parents, children } = resharding
  const left = partitions
    .filter(({ id }) => parents.includes(id))
    .map((slice): RetiredPartition => {
      const heirs = children.filter(child => overlaps(child, slice)).map(({ id }) => id)
      return { ...slice, heirs, since: now }
    })
  const next = heirsOf(partitions, resharding, sealed)
  return { record: { ...rest, partitions: next, retired: [...retired, ...left] }, drop: [] }
}

/** The children are the index's. Nobody needs those before them: what is fed to the index and was not taken in goes to the children. */
function takeIndexOver(table: TableRecord, resharding: Resharding, sealed: Sealed): Change {
  const { resharding: _, ...rest } = table
  const globalIndexes = table.globalIndexes.map(index =>
    index.id === resharding.index ? { ...index, partitions: indexHeirsOf(index.partitions, table, sealed) } : index,
  )
  return { record: { ...rest, globalIndexes }, drop: resharding.parents }
}

/** The slices with the children in the parents' place, that go on where these ended. */
function heirsOf(slices: PartitionSlice[], { parents, children }: Resharding, sealed: Sealed): PartitionSlice[] {
  const old = slices.filter(({ id }) => parents.includes(id))
  const base = Math.max(...old.map(slice => (slice.base ?? 0) + sealed.get(slice.id)!.position))
  const heirs = children.map((child): PartitionSlice => ({ ...child, base }))
  return [...slices.filter(({ id }) => !parents.includes(id)), ...heirs].sort((a, b) => a.from - b.from)
}

/** The same, of an index's: they go on with what is fed to them, too. Partitions that have retired feed nothing any more. */
function indexHeirsOf(slices: PartitionSlice[], table: TableRecord, sealed: Sealed): PartitionSlice[] {
  const { parents, children } = table.resharding!
  const old = slices.filter(({ id }) => parents.includes(id))
  const sources = table.partitions.map(({ id }) => id)
  const told = nextVersion(table)
  return heirsOf(slices, table.resharding!, sealed).map(slice => {
    if (!children.some(({ id }) => id === slice.id)) return slice
    const taken = old.filter(before => overlaps(slice, before)).map(({ id }) => sealed.get(id)!.consumed ?? {})
    return { ...slice, consumed: least(sources, taken), told }
  })
}

/** What all have taken in, at least. Some of it may come again: rows are fed as they are from then on. */
function least(sources: string[], all: Record<string, number>[]): Record<string, number> {
  const known = sources.filter(source => all.every(consumed => consumed[source] !== undefined))
  return Object.fromEntries(known.map(source => [source, Math.min(...all.map(consumed => consumed[source]!))]))
}

/** Once they know it, nobody else need: of many partitions, each would have a line for each of the table's. */
function withoutKnown({ globalIndexes, ...table }: TableRecord, leaders: Leaders): TableRecord {
  const rested = (slice: PartitionSlice) => {
    const { consumed, told, ...rest } = slice
    return told !== undefined && (leaders(slice.id)?.schemaVersion ?? -1) >= told ? rest : slice
  }
  const isTold = ({ partitions }: GlobalIndexRecord) => partitions.some(({ told }) => told !== undefined)
  const indexes = globalIndexes.map(index =>
    isTold(index) ? { ...index, partitions: index.partitions.map(rested) } : index,
  )
  return { ...table, globalIndexes: indexes }
}

function overlaps(a: PartitionSlice, b: PartitionSlice): boolean {
  return a.from < b.to && b.from < a.to
}

/** One goes when its day is over, and no transaction, nor archive, needs it. */
function advanceRetired(table: TableRecord, leaders: Leaders, now: number): Step | undefined {
  const { retired = [] } = table
  const hasStream = table.stream !== undefined || (table.pastStreams ?? []).length > 0
  const isOver = ({ id, since, archived }: RetiredPartition) => {
    if (!leaders(id)?.closed || (hasStream && since > now - RETENTION_MS)) return false
    return table.pointInTimeRecovery === undefined || archived === true
  }
  const over = retired.filter(isOver)
  if (over.length === 0) return undefined
  const left = retired.filter(partition => !over.includes(partition))
  const { retired: _, ...rest } = table
  const record = left.length > 0 ? { ...rest, retired: left } : rest
  return { record, drop: over.map(({ id }) => id) }
}

/** Those whom it concerns are to know of it. */
function step({ record, drop }: Change, leaders: Leaders): Step {
  return { record: toldToSome(withoutKnown(record, leaders)), drop }
}
