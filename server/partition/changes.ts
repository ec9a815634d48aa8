/** When a write is a change that the table's stream records, and what of it is kept. Pure. */
import { equalValues } from '../model/compare.ts'
import type { Item } from '../model/item.ts'
import type { StreamViewType, TableSchema } from '../model/schema.ts'
import type { Image } from '../store/rows.ts'
import type { Difference, Effect } from './entry.ts'
import { expiryOf } from './expiry.ts'
import type { StoredItem } from './indexes.ts'

/** Characters of old images that go into the log; more are taken from the row when it is replaced. */
const MAX_OLD_TEXT = 4096

/** An item as it was: parsed, if that was done already. */
type Before = (Image & { item?: Item }) | undefined

/** Tells whoever applies the effect what it means for the table's stream and times to live, if it has them. */
export function mark(table: TableSchema, effect: Effect, before: Before, after: StoredItem | undefined): Effect {
  if (table.stream) record(table.stream.viewType, effect, before, after)
  if (table.timeToLive !== undefined) effect.expires = (after && expiryOf(after.item, table.timeToLive)) ?? null
  return effect
}

function record(view: StreamViewType, effect: Effect, before: Before, after: StoredItem | undefined): void {
  if (before && before.json === after?.json) return
  const difference = before && differenceOf(before.json, after?.json ?? '')
  if (!isChange(before, after, difference)) return
  effect.recorded = 'request'
  if (difference && difference.text.length <= MAX_OLD_TEXT && imagesOf(view).oldImages) effect.old = difference
}

/** Whether the item is another one: the order of attributes, and of a set's members, is no difference. */
export function differs(before: Before, after: StoredItem | undefined): boolean {
  return isChange(before, after, before && after && differenceOf(before.json, after.json))
}

/** `difference`: of the texts, if there are two. */
function isChange(before: Before, after: StoredItem | undefined, difference: Difference | undefined): boolean {
  if (!before || !after || before.size !== after.size) return before !== after
  if (before.json === after.json) return false
  if (!haveSameCharacters(before.json, after.json, difference!)) return true
  return !equalValues({ M: before.item ?? (JSON.parse(before.json) as Item) }, { M: after.item })
}

/** What begins and ends alike is not in it; no character is cut in two. */
export function differenceOf(old: string, now: string): Difference {
  const shorter = Math.min(old.length, now.length)
  let start = sharedStart(old, now, shorter)
  if (start > 0 && isHighSurrogate(now.charCodeAt(start - 1))) start--
  let end = sharedEnd(old, now, shorter - start)
  if (end > 0 && isLowSurrogate(now.charCodeAt(now.length - end))) end--
  return { start, end, text: old.slice(start, old.length - end) }
}

/** Below so many characters a loop is the fastest; above, comparing halves: a quarter of its time for 1 KB. */
const FEW = 16

/** How many of the first `limit` characters are the same. */
function sharedStart(a: string, b: string, limit: number): number {
  let [shared, most] = [0, limit]
  while (most - shared > FEW) {
    const middle = (shared + most) >> 1
    if (a.slice(shared, middle) === b.slice(shared, middle)) shared = middle
    else most = middle
  }
  while (shared < most && a.charCodeAt(shared) === b.charCodeAt(shared)) shared++
  return shared
}

/** How many of the last `limit` characters are the same. */
function sharedEnd(a: string, b: string, limit: number): number {
  let [shared, most] = [0, limit]
  while (most - shared > FEW) {
    const middle = (shared + most) >> 1
    const isSame = a.slice(a.length - middle, a.length - shared) === b.slice(b.length - middle, b.length - shared)
    if (isSame) shared = middle
    else most = middle
  }
  while (shared < most && a.charCodeAt(a.length - 1 - shared) === b.charCodeAt(b.length - 1 - shared)) shared++
  return shared
}

/** The text that differs so from `now`. */
export function oldText({ start, end, text }: Difference, now: string): string {
  return now.slice(0, start) + text + now.slice(now.length - end)
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code < 0xdc00
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code < 0xe000
}

/**
 * Whether the texts, which differ, may consist of the same characters: those of one item in two orders do. This spares most
 * changes the parsing of the old image.
 */
function haveSameCharacters(old: string, now: string, { start, end }: Difference): boolean {
  if (old.length !== now.length) return false
  let difference = 0
  for (let i = start; i < now.length - end; i++) difference += old.charCodeAt(i) ** 2 - now.charCodeAt(i) ** 2
  return difference === 0
}

/** Which images a record shows. */
export type ShownImages = { oldImages: boolean; newImages: boolean }

export function imagesOf(viewType: StreamViewType): ShownImages {
  return {
    oldImages: viewType === 'OLD_IMAGE' || viewType === 'NEW_AND_OLD_IMAGES',
    newImages: viewType === 'NEW_IMAGE' || viewType === 'NEW_AND_OLD_IMAGES',
  }
}
