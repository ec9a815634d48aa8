/** What a partition's entries mean for the partitions of its table's global indexes, and for those that take over. Pure. */
import { hashOfRow } from '../codec/key.ts'
import type { Position } from '../log/log.ts'
import type { PartitionSlice } from '../model/table.ts'
import type { Effect, EntryBody } from '../partition/entry.ts'
import type { Image } from '../store/rows.ts'

/** A row of an index partition from now on; without an image it is gone. */
export type FeedRow = { key: Buffer; image: Image | undefined }

/** The rows that one entry changed in one index partition. Never split: a position is taken in whole or not at all. */
export type FeedItem = { position: Position; rows: FeedRow[] }

/** Index partitions, wherever they are led. */
export interface IndexPartitions {
  /** The last position of `source`'s log that `partition` has taken in. Errors: any, while it can't be reached. */
  consumed(partition: string, source: string): Promise<Position>
  /** Resolves when the rows are durable there. Errors: any, while it can't be reached; then feed again. */
  feed(partition: string, source: string, position: Position, rows: FeedRow[]): Promise<void>
}

/** By route, the rows that an entry changes. `handing`: the route by which all rows go, if there is one. */
export function rowsOfEntry(entry: EntryBody, handing?: string): Map<string, FeedRow[]> {
  if (entry.kind === 'write' || entry.kind === 'feed') {
    const rows = rowsOfEffects(entry.effects)
    if (handing !== undefined)
      rows.set(
        handing,
        entry.effects.map(({ key, image }) => ({ key: key as Buffer, image })),
      )
    return rows
  }
  if (entry.kind === 'backfill') return new Map([[entry.index, entry.rows as FeedRow[]]])
  return new Map()
}

export function isInSlice({ key }: FeedRow, slice: PartitionSlice): boolean {
  const hash = hashOfRow(key)
  return hash >= slice.from && hash < slice.to
}

function rowsOfEffects(effects: Effect[]): Map<string, FeedRow[]> {
  const rows = new Map<string, FeedRow[]>()
  for (const effect of effects) {
    for (const { index, remove, put } of effect.global) {
      const list = rowsOf(rows, index as string)
      if (remove) list.push({ key: remove.key as Buffer, image: undefined })
      if (put) list.push({ key: put.key as Buffer, image: put.image ?? effect.image })
    }
  }
  return rows
}

function rowsOf(rows: Map<string, FeedRow[]>, index: string): FeedRow[] {
  let list = rows.get(index)
  if (!list) rows.set(index, (list = []))
  return list
}
