/**
 * Applying an entry: a synchronous function of the state and the entry (INV-P2), inside the caller's transaction.
 * The running figures are kept by the caller and saved with the position.
 *
 * INV-G1  Once a partition is sealed, for others take over, its rows never change.
 */
import { invariant } from '../base/invariant.ts'
import { sequenceOf } from '../store/changes.ts'
import type { AppliedState, Image } from '../store/rows.ts'
import type { StoreWriter } from '../store/writer.ts'
import { imagesOf, type ShownImages } from './changes.ts'
import type { Effect, Entry, IndexChange } from './entry.ts'
import { lastChange } from './recorded.ts'
import { localIndexNumber, numbered, type PartitionSchema } from './schema.ts'
import { applyStep } from './steps.ts'

/** How far a new index is made from the rows that were there before it. `done` once all are. */
export type BackfillState = { cursor?: string; done?: boolean }

export const SCHEMA = 'schema'

/** How far the expiries of older items are known: a `BackfillState`. */
export const EXPIRIES = 'expiries'

export function backfillDocument(index: string): string {
  return `backfill:${index}`
}

/**
 * Changes the rows, and `state`'s counts and epoch; the caller moves its position and chain.
 * `bytes`: the entry's own. `schema`: what the last schema entry before this one says.
 */
export function applyEntry(
  writer: StoreWriter,
  state: AppliedState,
  entry: Entry,
  bytes: Uint8Array,
  schema: PartitionSchema | undefined,
): void {
  switch (entry.kind) {
    case 'epoch':
      state.epoch = entry.epoch
      return
    case 'schema':
      applySchema(writer, entry.schema)
      for (const [source, taken] of Object.entries(entry.schema.consumed ?? {})) writer.raiseConsumed(source, taken)
      applyStreams(writer, state.position + 1, entry, schema)
      return
    case 'write':
      applyWrite(writer, state, entry, bytes, schema)
      if (entry.steps) for (const step of entry.steps) applyStep(writer, step)
      return
    case 'backfill':
      saveBackfill(writer, backfillDocument(entry.index), entry.cursor)
      return
    case 'expiries':
      for (const { key, expires } of entry.rows) writer.expiries.set(key, expires)
      saveBackfill(writer, EXPIRIES, entry.cursor)
      return
    case 'trim':
      writer.changes.trim(entry.upTo)
      for (const label of entry.streams) writer.changes.forget(label)
      return
    case 'format':
      writer.raiseFormat(entry.format)
      return
    case 'feed':
      invariant(!schema?.sealed, 'a sealed partition was to take rows in')
      for (const effect of entry.effects) applyEffect(writer, state, effect)
      writer.saveConsumed(entry.source, entry.position)
  }
}

function applySchema(writer: StoreWriter, schema: PartitionSchema): void {
  writer.saveDocument(SCHEMA, schema)
  for (const index of schema.table.indexes) {
    if (index.kind === 'LOCAL') writer.countLocal(localIndexNumber(schema.table, index.id), 0, 0)
  }
}

/** A stream begins and ends with the schema entry that says so: its records are those of the entries between. */
function applyStreams(
  writer: StoreWriter,
  position: number,
  { schema, time = 0 }: Extract<Entry, { kind: 'schema' }>,
  before: PartitionSchema | undefined,
): void {
  const [old, now] = [before?.table.stream?.label, schema.table.stream?.label]
  const sequence = sequenceOf(numbered(position, schema))
  if (old !== now) {
    if (old !== undefined) writer.changes.close(old, sequence, time)
    if (now !== undefined) writer.changes.open(now, sequence)
  }
  if (before?.table.timeToLive === schema.table.timeToLive) return
  writer.expiries.clear()
  writer.saveDocument(EXPIRIES, undefined)
}

function applyWrite(
  writer: StoreWriter,
  state: AppliedState,
  entry: Extract<Entry, { kind: 'write' }>,
  bytes: Uint8Array,
  schema: PartitionSchema | undefined,
): void {
  invariant(entry.effects.length === 0 || !schema?.sealed, 'a sealed partition was to change')
  const position = numbered(state.position + 1, schema)
  const last = lastChange(entry, position)
  const images = last === undefined ? undefined : imagesOf(schema!.table.stream!.viewType)
  const isKept = images !== undefined && tellsAll(entry.effects, images)
  let number = 0
  for (const effect of entry.effects) {
    // Before the row changes: the old image is taken from it.
    if (effect.recorded && !isKept) record(writer, sequenceOf(position, number), entry.time, effect, images!)
    applyEffect(writer, state, effect)
    number += 1
  }
  if (isKept) writer.changes.keep({ last: last!, time: entry.time, ...images, bytes })
}

/** Whether all that the records of these effects show is in the entry, and worth keeping it for: keys take less without. */
function tellsAll(effects: Effect[], { oldImages, newImages }: ShownImages): boolean {
  if (!oldImages) return newImages
  return effects.every(({ recorded, before, old }) => !recorded || before === undefined || old !== undefined)
}

function record(
  writer: StoreWriter,
  sequence: bigint,
  time: number,
  { key, before, image, recorded }: Effect,
  images: ShownImages,
): void {
  writer.changes.record({ sequence, time, byService: recorded === 'service', key, before, after: image, ...images })
}

function saveBackfill(writer: StoreWriter, document: string, cursor: Uint8Array | undefined): void {
  const state: BackfillState = cursor ? { cursor: Buffer.from(cursor).toString('base64') } : { done: true }
  writer.saveDocument(document, state)
}

function applyEffect(writer: StoreWriter, state: AppliedState, effect: Effect): void {
  const { key, image, before, local } = effect
  if (image) writer.put(key, image)
  else writer.delete(key)
  state.items += (image ? 1 : 0) - (before === undefined ? 0 : 1)
  state.bytes += (image?.size ?? 0) - (before ?? 0)
  if (effect.expires !== undefined) writer.expiries.set(key, effect.expires)
  for (const change of local) applyLocal(writer, change, image)
}

function applyLocal(writer: StoreWriter, { index, remove, put }: IndexChange, item: Image | undefined): void {
  const number = index as number
  if (remove) {
    writer.deleteLocal(number, remove.key)
    writer.countLocal(number, -1, -remove.size)
  }
  if (put) {
    const image = put.image ?? item!
    writer.putLocal(number, put.key, image)
    writer.countLocal(number, put.before === undefined ? 1 : 0, image.size - (put.before ?? 0))
  }
}
