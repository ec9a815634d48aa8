/**
 * Applying an entry: a synchronous function of the state and the entry (INV-P2), inside the caller's transaction.
 * The running figures are kept by the caller and saved with the position.
 */
import type { AppliedState, Image } from '../store/rows.ts'
import type { StoreWriter } from '../store/writer.ts'
import type { Effect, Entry, IndexChange } from './entry.ts'
import { localIndexNumber, type PartitionSchema } from './schema.ts'
import { applyStep } from './steps.ts'

/** How far a new index is made from the rows that were there before it. `done` once all are. */
export type BackfillState = { cursor?: string; done?: boolean }

export const SCHEMA = 'schema'

export function backfillDocument(index: string): string {
  return `backfill:${index}`
}

/** Changes the rows, and `state`'s counts and epoch; the caller moves its position and chain. */
export function applyEntry(writer: StoreWriter, state: AppliedState, entry: Entry): void {
  switch (entry.kind) {
    case 'epoch':
      state.epoch = entry.epoch
      return
    case 'schema':
      applySchema(writer, entry.schema)
      return
    case 'write':
      for (const effect of entry.effects) applyEffect(writer, state, effect)
      if (entry.steps) for (const step of entry.steps) applyStep(writer, step)
      return
    case 'backfill':
      saveBackfill(writer, entry.index, entry.cursor)
      return
    case 'feed':
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

function saveBackfill(writer: StoreWriter, index: string, cursor: Uint8Array | undefined): void {
  const state: BackfillState = cursor ? { cursor: Buffer.from(cursor).toString('base64') } : { done: true }
  writer.saveDocument(backfillDocument(index), state)
}

function applyEffect(writer: StoreWriter, state: AppliedState, effect: Effect): void {
  const { key, image, before, local } = effect
  if (image) writer.put(key, image)
  else writer.delete(key)
  state.items += (image ? 1 : 0) - (before === undefined ? 0 : 1)
  state.bytes += (image?.size ?? 0) - (before ?? 0)
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
