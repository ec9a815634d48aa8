/** Changes as a stream shows them, from what the file keeps: rows of changes, and entries that have all of theirs. Pure. */
import { type ChangeReader, positionOf, sequenceOf } from '../store/changes.ts'
import type { ChangedEntry, ChangeRow } from '../store/rows.ts'
import { oldText } from './changes.ts'
import { decodeEntry, type Effect, type Entry } from './entry.ts'

/**
 * Changes from `from` on, up to but without `until`: `limit` at most, and, but for the first, not beyond `maxBytes` of keys
 * and images, as stored. `cut`: there are more.
 */
export function changesPage(
  changes: ChangeReader,
  from: bigint,
  until: bigint,
  limit: number,
  maxBytes: number,
): { rows: ChangeRow[]; cut: boolean } {
  const rows: ChangeRow[] = []
  let bytes = 0
  for (const kept of changes.rows(from, until)) {
    for (const row of 'bytes' in kept ? changesOf(kept) : [kept]) {
      if (row.sequence < from) continue
      bytes += row.key.length + (row.oldImage?.length ?? 0) + (row.newImage?.length ?? 0)
      if (rows.length === limit || (rows.length > 0 && bytes > maxBytes)) return { rows, cut: true }
      rows.push(row)
    }
  }
  return { rows, cut: false }
}

/** The sequence number of the last change of a write at `position`; undefined if it made none. */
export function lastChange({ effects }: Extract<Entry, { kind: 'write' }>, position: number): bigint | undefined {
  const number = effects.findLastIndex(({ recorded }) => recorded !== undefined)
  return number < 0 ? undefined : sequenceOf(position, number)
}

function changesOf(kept: ChangedEntry): ChangeRow[] {
  const entry = decodeEntry(kept.bytes) as Extract<Entry, { kind: 'write' }>
  const position = positionOf(kept.last)
  return entry.effects.flatMap((effect, number) =>
    effect.recorded ? changeOf(effect, sequenceOf(position, number), kept) : [],
  )
}

function changeOf(
  { key, image, before, old, recorded }: Effect,
  sequence: bigint,
  { time, oldImages, newImages }: ChangedEntry,
): ChangeRow {
  return {
    sequence,
    time,
    byService: recorded === 'service',
    key,
    before,
    after: image?.size,
    oldImage: oldImages && old ? oldText(old, image?.json ?? '') : undefined,
    newImage: newImages ? image?.json : undefined,
  }
}
