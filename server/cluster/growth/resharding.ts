/**
 * Splitting and merging partitions while they serve. The new ones are filled as if they were those of a global index with the table's
 * own key: every write of the old ones goes to them too, and so do the rows of before. Then the old ones are sealed: they take no
 * change any more, and when all of theirs have gone over, the table's record names the new ones in their place. Pure.
 */
import type { PartitionSlice, Resharding, RetiredPartition, TableRecord } from '../../model/table.ts'
import type { Leaders, Step } from '../plan.ts'
import { RETENTION_MS } from '../streamrecords.ts'

/** Where a stretch of the hash space is to be cut. */
export type Cuts = { parents: PartitionSlice[]; cuts: number[] }

/**
 * The table with the work begun: its partitions `parents`, which lie side by side, are to become `cuts.length + 1`. Undefined if it can't
 * begin now: another work of the kind is under way, or the table is not as it was.
 */
export function beginResharding(
  table: TableRecord,
  { parents, cuts }: Cuts,
  uuid: () => string,
  now: number,
): TableRecord | undefined {
  const isThere = ({ id }: PartitionSlice) => table.partitions.some(slice => slice.id === id)
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
    since: now,
  }
  return { ...table, resharding }
}

/** What there is to do now; undefined until something changes. */
export function advanceResharding(table: TableRecord, leaders: Leaders, now: number): Step | undefined {
  if (table.status === 'CREATING' || table.status === 'DELETING') return undefined
  const { resharding } = table
  if (!resharding) return advanceRetired(table, leaders, now)
  const { id, phase, parents, children } = resharding
  const knows = (partition: string) => (leaders(partition)?.schemaVersion ?? -1) >= (table.schemaVersion ?? 0)
  const next = (phase: Resharding['phase']) => step({ ...table, resharding: { ...resharding, phase } })
  switch (phase) {
    case 'making':
      return children.every(child => knows(child.id)) ? next('filling') : undefined
    case 'filling':
      return parents.every(parent => leaders(parent)?.built.includes(id)) ? next('sealing') : undefined
    case 'sealing': {
      const sealed = parents.map(parent => leaders(parent)?.sealed)
      return sealed.every(position => position !== undefined)
        ? step(takeOver(table, resharding, sealed, now))
        : undefined
    }
  }
}

/** The children are the table's partitions from now on. `sealed`: the last positions of the parents. */
function takeOver(table: TableRecord, { parents, children }: Resharding, sealed: number[], now: number): TableRecord {
  const { resharding: _, partitions, retired = [], ...rest } = table
  const old = partitions.filter(({ id }) => parents.includes(id))
  const base = Math.max(...old.map((slice, i) => (slice.base ?? 0) + sealed[i]!))
  const overlaps = (a: PartitionSlice, b: PartitionSlice) => a.from < b.to && b.from < a.to
  const left = old.map(
    (slice): RetiredPartition => ({
      ...slice,
      heirs: children.filter(child => overlaps(child, slice)).map(({ id }) => id),
      since: now,
    }),
  )
  const kept = partitions.filter(({ id }) => !parents.includes(id))
  const slices = [...kept, ...children.map(child => ({ ...child, base }))].sort((a, b) => a.from - b.from)
  return { ...rest, partitions: slices, retired: [...retired, ...left] }
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

function step(record: TableRecord): Step {
  return { record: { ...record, schemaVersion: (record.schemaVersion ?? 0) + 1 }, drop: [] }
}
