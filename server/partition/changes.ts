/** When a write is a change that the table's stream records, and what of it is kept. Pure. */
import { equalValues } from '../model/compare.ts'
import type { Item } from '../model/item.ts'
import type { StreamViewType, TableSchema } from '../model/schema.ts'
import type { Image } from '../store/rows.ts'
import type { Effect } from './entry.ts'
import { expiryOf } from './expiry.ts'
import type { StoredItem } from './indexes.ts'

/** An item as it was: parsed, if that was done already. */
type Before = (Image & { item?: Item }) | undefined

/** Tells whoever applies the effect what it means for the table's stream and times to live, if it has them. */
export function mark(table: TableSchema, effect: Effect, before: Before, after: StoredItem | undefined): Effect {
  if (table.stream && differs(before, after)) effect.recorded = 'request'
  if (table.timeToLive !== undefined) effect.expires = (after && expiryOf(after.item, table.timeToLive)) ?? null
  return effect
}

/** Whether the item is another one: the order of attributes, and of a set's members, is no difference. */
export function differs(before: Before, after: StoredItem | undefined): boolean {
  if (!before || !after || before.size !== after.size) return before !== after
  if (before.json === after.json) return false
  return !equalValues({ M: before.item ?? (JSON.parse(before.json) as Item) }, { M: after.item })
}

/** Which images a record shows. */
export function imagesOf(viewType: StreamViewType): { oldImage: boolean; newImage: boolean } {
  return {
    oldImage: viewType === 'OLD_IMAGE' || viewType === 'NEW_AND_OLD_IMAGES',
    newImage: viewType === 'NEW_IMAGE' || viewType === 'NEW_AND_OLD_IMAGES',
  }
}
