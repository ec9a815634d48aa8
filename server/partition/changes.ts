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
  if (!haveSameCharacters(before.json, after.json)) return true
  return !equalValues({ M: before.item ?? (JSON.parse(before.json) as Item) }, { M: after.item })
}

/**
 * Whether the texts, which differ, may consist of the same characters: those of one item in two orders do. This spares most
 * changes the parsing of the old image. Only what lies between the first and the last difference is looked at.
 */
function haveSameCharacters(a: string, b: string): boolean {
  if (a.length !== b.length) return false
  let first = 0
  while (a.charCodeAt(first) === b.charCodeAt(first)) first++
  let last = a.length - 1
  while (a.charCodeAt(last) === b.charCodeAt(last)) last--
  let difference = 0
  for (let i = first; i <= last; i++) {
    difference += a.charCodeAt(i) ** 2 - b.charCodeAt(i) ** 2
  }
  return difference === 0
}

/** Which images a record shows. */
export function imagesOf(viewType: StreamViewType): { oldImage: boolean; newImage: boolean } {
  return {
    oldImage: viewType === 'OLD_IMAGE' || viewType === 'NEW_AND_OLD_IMAGES',
    newImage: viewType === 'NEW_IMAGE' || viewType === 'NEW_AND_OLD_IMAGES',
  }
}
