/** When partitions are split and merged, and where. Pure. */
import type { PartitionSlice, TableRecord } from '../../model/table.ts'
import type { Cuts } from './resharding.ts'

export type Policy = {
  /** A partition of more bytes of items is split. */
  splitBytes: number
  /** So is one that gets more requests a second than this, for a while; 0 for no such limit. */
  splitRate: number
  /** Tables are not merged into fewer partitions. */
  partitions: number
  /** For how long partitions must be idle to be merged, in milliseconds. */
  idleMs?: number
}

/** What a partition has, and has had to do of late. */
export type Load = {
  bytes: number
  /** Requests a second: of the last minute, more or less. */
  rate: number
  /** Between which its rows are, both ends included; undefined if that is not known. */
  hashes?: { least: number; greatest: number }
  /** Half of the requests were for hashes below. */
  middle?: number
  /** For how long it has been as busy as to be split, or as idle as to be merged, in milliseconds. */
  busyMs: number
  idleMs: number
}

/** Short peaks, and short pauses, change nothing. */
const BUSY_MS = 30_000
const IDLE_MS = 10 * 60_000
/** A partition far too big is cut into so many at once. */
const MAX_CHILDREN = 8
/** Two are merged if both together are that much smaller than what is split: what was merged is not split soon, nor the other way round. */
const MERGE_SHARE = 1 / 4

/** Whether the partition has more to do than it should. */
export function isBusy(rate: number, { splitRate }: Pick<Policy, 'splitRate'>): boolean {
  return splitRate > 0 && rate > splitRate
}

/** Whether it has so little to do that a neighbour could do it too. */
export function isIdle(rate: number, { splitRate }: Pick<Policy, 'splitRate'>): boolean {
  return splitRate === 0 || rate < (splitRate * MERGE_SHARE) / 2
}

/** What to do first; undefined if all is well. `loads`: by partition; those that are not known are left alone. */
export function nextCuts(
  { partitions }: Pick<TableRecord, 'partitions'>,
  loads: Map<string, Load>,
  policy: Policy,
): Cuts | undefined {
  const known = partitions.flatMap(slice => {
    const load = loads.get(slice.id)
    return load ? [{ slice, load }] : []
  })
  const big = known.filter(({ load }) => load.bytes > policy.splitBytes)
  for (const { slice, load } of big.sort((a, b) => b.load.bytes - a.load.bytes)) {
    const count = Math.min(MAX_CHILDREN, Math.ceil((2 * load.bytes) / policy.splitBytes))
    const cuts = evenly(slice, load, count)
    if (cuts.length > 0) return { parents: [slice], cuts }
  }
  const busy = known.filter(({ load }) => isBusy(load.rate, policy) && load.busyMs >= BUSY_MS)
  for (const { slice, load } of busy.sort((a, b) => b.load.rate - a.load.rate)) {
    const cut = cutOf(slice, load.middle)
    if (cut !== undefined) return { parents: [slice], cuts: [cut] }
  }
  return partitions.length > policy.partitions ? merge(partitions, loads, policy) : undefined
}

function merge(partitions: PartitionSlice[], loads: Map<string, Load>, policy: Policy): Cuts | undefined {
  for (const [i, slice] of partitions.entries()) {
    const pair = [slice, partitions[i + 1]].filter(slice => slice !== undefined)
    const both = pair.flatMap(({ id }) => loads.get(id) ?? [])
    if (both.length < 2 || both.some(load => load.idleMs < (policy.idleMs ?? IDLE_MS))) continue
    if (both[0]!.bytes + both[1]!.bytes < policy.splitBytes * MERGE_SHARE) return { parents: pair, cuts: [] }
  }
  return undefined
}

/** Rows lie below each cut, and above: those of an index may all have the few hashes of a few values, and of one there is nothing to cut. */
function evenly({ from, to }: PartitionSlice, { hashes }: Load, count: number): number[] {
  const [low, high] = hashes ? [Math.max(from, hashes.least), Math.min(to, hashes.greatest + 1)] : [from, to]
  const cuts = Array.from({ length: count - 1 }, (_, i) => low + Math.floor(((high - low) * (i + 1)) / count))
  return [...new Set(cuts)].filter(cut => cut > low && cut < high)
}

/** Where the load divides; undefined where it does not: all of it may be one key's. */
function cutOf({ from, to }: PartitionSlice, middle = Math.floor((from + to) / 2)): number | undefined {
  // One key that has more than half is parted from those below it, or from those above.
  const cut = middle > from ? middle : middle + 1
  return cut > from && cut < to ? cut : undefined
}
