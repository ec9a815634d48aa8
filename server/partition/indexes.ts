/** What a change of an item means for the table's indexes. Pure. */
import { indexWriteUnits } from '../capacity/units.ts'
import { globalIndexKey, localIndexKey } from '../codec/key.ts'
import { type Item, setOwn } from '../model/item.ts'
import { isIndexed } from '../model/key.ts'
import { type IndexSchema, projectedNames, type TableSchema } from '../model/schema.ts'
import { itemSize } from '../model/size.ts'
import type { Image } from '../store/rows.ts'
import type { IndexChange } from './entry.ts'
import { localIndexNumber } from './schema.ts'

/** An item, parsed and as stored. */
export type StoredItem = Image & { item: Item }

export type IndexEffects = {
  local: IndexChange[]
  global: IndexChange[]
  units: Record<string, number>
  localBytes: number
}

/** The changes of all indexes when `before` becomes `after` (undefined: no item), and what they cost by index name. */
export function indexEffects(
  table: TableSchema,
  before: StoredItem | undefined,
  after: StoredItem | undefined,
): IndexEffects {
  const effects: IndexEffects = { local: [], global: [], units: {}, localBytes: 0 }
  for (const index of table.indexes) {
    const old = before && indexRow(table, index, before)
    const now = after && indexRow(table, index, after)
    const sameKey = old !== undefined && now !== undefined && old.key.equals(now.key)
    const unchanged = sameKey && old.image.json === now.image.json
    const units = indexWriteUnits(old?.image.size, now?.image.size, sameKey, unchanged)
    if (units > 0) setOwn(effects.units, index.name, units)
    if (index.kind === 'LOCAL') effects.localBytes += now?.image.size ?? 0
    if (unchanged) continue
    const change = indexChange(table, index, sameKey, old, now)
    if (change) effects[index.kind === 'LOCAL' ? 'local' : 'global'].push(change)
  }
  return effects
}

export type IndexRow = { key: Buffer; image: Image; whole: boolean }

/** The item's row in the index; undefined if it lacks a key attribute. `whole`: the row is the item itself. */
export function indexRow(table: TableSchema, index: IndexSchema, stored: StoredItem): IndexRow | undefined {
  if (!isIndexed(index, stored.item)) return undefined
  const encode = index.kind === 'LOCAL' ? localIndexKey : globalIndexKey
  const key = encode(table.key, index, stored.item)
  const names = projectedNames(table.key, index)
  if (!names) return { key, image: stored, whole: true }
  const item: Item = {}
  for (const name of Object.keys(stored.item)) if (names.has(name)) setOwn(item, name, stored.item[name]!)
  return { key, image: { json: JSON.stringify(item), size: itemSize(item) }, whole: false }
}

function indexChange(
  table: TableSchema,
  index: IndexSchema,
  sameKey: boolean,
  old: IndexRow | undefined,
  now: IndexRow | undefined,
): IndexChange | undefined {
  if (!old && !now) return undefined
  const change: IndexChange = { index: index.kind === 'LOCAL' ? localIndexNumber(table, index.id) : index.id }
  if (old && !sameKey) change.remove = { key: old.key, size: old.image.size }
  if (now) {
    change.put = { key: now.key }
    if (!now.whole) change.put.image = { json: now.image.json, size: now.image.size }
    if (sameKey) change.put.before = old!.image.size
  }
  return change
}
