/** A table's items as they were at one moment: from a snapshot's rows and the entries that came after them. */
import { setImmediate } from 'node:timers/promises'
import { hashOfRow, rowKey } from '../codec/key.ts'
import type { Item } from '../model/item.ts'
import type { KeySchema } from '../model/schema.ts'
import { type PartitionSlice, schemaOf } from '../model/table.ts'
import type { ObjectStore } from '../objects/objects.ts'
import { EffectReader, type TimedEffect } from '../partition/effects.ts'
import { Scratch } from '../store/scratch.ts'
import { getSealed } from './sealed.ts'
import { readEntries, type Segment } from './segment.ts'
import type { Manifest, SnapshotPart } from './snapshot.ts'

/** A snapshot, and for each of its parts the entries that reach from it to `time` at least. */
export type Moment = {
  objects: ObjectStore
  manifest: Manifest
  time: number
  later?: (partition: string) => Promise<Segment[]>
  /** Partitions that have taken over from one; their entries are in `later`, too. */
  heirs?: (partition: string) => string[]
}

/** The JSON texts of all items, partition by partition. Errors: Damaged. */
export async function* itemsAt(moment: Moment): AsyncGenerator<string> {
  const { key } = schemaOf(moment.manifest.table)
  for (const part of moment.manifest.parts) yield* itemsOfPart(moment, part, key)
}

/** Those of one part. The rows that entries changed come last. */
export async function* itemsOfPart(moment: Moment, part: SnapshotPart, key: KeySchema): AsyncGenerator<string> {
  const changed = new Scratch()
  try {
    await collectChanges(moment, part, changed)
    for await (const json of rowsOf(moment.objects, part)) {
      if (changed.size === 0 || !changed.has(rowKey(key, JSON.parse(json) as Item))) yield json
    }
    for (const { json } of changed.rows()) if (json !== null) yield json
  } finally {
    changed.close()
  }
}

/** Rows are passed on some at a time: requests come in between. */
const TURN = 200

/** The rows as they were read, each at a moment of its own. */
export async function* rowsOf(objects: ObjectStore, { rows }: SnapshotPart): AsyncGenerator<string> {
  let count = 0
  for (const sealed of rows) {
    const text = (await getSealed(objects, sealed)).toString()
    for (let start = 0; start < text.length; ) {
      const end = text.indexOf('\n', start)
      if (++count % TURN === 0) await setImmediate()
      yield text.slice(start, end)
      start = end + 1
    }
  }
}

/** What an entry did to an item. `isShown`: the snapshot's rows may show it already. */
export type PartEffect = TimedEffect & { isShown: boolean }

/**
 * What happened to the items of a part, from its snapshot on until `end` at least, in the order of each item: first in its own
 * partition, then in those that have taken over. What they were filled with happened before. Errors: Damaged.
 */
export async function* effectsOf(moment: Moment, part: SnapshotPart, end: number): AsyncGenerator<PartEffect> {
  const { objects, manifest, later, heirs } = moment
  const logged = async (partition: string) => (await later?.(partition)) ?? []
  const reader = new EffectReader()
  const segments = [...part.log, ...(await logged(part.partition))]
  for await (const { position, entry } of readEntries(objects, segments, part.start)) {
    const isShown = position <= part.scanned
    for (const effect of reader.read(entry)) yield { ...effect, isShown }
    if (!isShown && entry.kind === 'write' && entry.time > end && !reader.awaits(end)) return
  }
  const slice = manifest.table.partitions.find(({ id }) => id === part.partition)
  const line = [...(heirs?.(part.partition) ?? [])]
  for (const heir of line) {
    line.push(...(heirs?.(heir) ?? []).filter(id => !line.includes(id)))
    const reader = new EffectReader()
    for await (const { entry } of readEntries(objects, await logged(heir), 0)) {
      for (const effect of reader.read(entry)) if (isInSlice(effect.key, slice!)) yield { ...effect, isShown: false }
      if (entry.kind === 'write' && entry.time > end && !reader.awaits(end)) break
    }
  }
}

function isInSlice(key: Uint8Array, { from, to }: PartitionSlice): boolean {
  const hash = hashOfRow(key as Buffer)
  return hash >= from && hash < to
}

/**
 * Puts the last image of every row that changed since the snapshot began. What the rows may show already counts whatever
 * its time, lest half of it be missing.
 */
async function collectChanges(moment: Moment, part: SnapshotPart, into: Scratch): Promise<void> {
  for await (const { key, image, time, isShown } of effectsOf(moment, part, moment.time)) {
    if (isShown || time <= moment.time) into.put(key, image?.json)
  }
}
