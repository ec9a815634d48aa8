/** What indexes should hold, worked out in the plainest way from the items. */
import { getOwn, type Item } from '../../../server/model/item.ts'
import type { IndexSchema } from '../../../server/model/schema.ts'
import { itemSize } from '../../../server/model/size.ts'

const TABLE_KEY = ['p', 's']

/** Items as text, in the order of their text, so that two lots of them can be compared. */
export function texts(items: Iterable<Item>): string[] {
  return [...items].map(item => JSON.stringify(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))).sort()
}

export function expectedRows(index: IndexSchema, items: Iterable<Item>): Item[] {
  const keys = [...index.key.hash, ...index.key.range]
  const inIndex = [...items].filter(item =>
    keys.every(({ name, type }) => Object.hasOwn(getOwn(item, name) ?? {}, type) && getOwn(item, name)!.S !== ''),
  )
  const { projection } = index
  if (projection.type === 'ALL') return inIndex
  const names = [
    ...TABLE_KEY,
    ...keys.map(({ name }) => name),
    ...(projection.type === 'INCLUDE' ? projection.attributes : []),
  ]
  return inIndex.map(item => Object.fromEntries(Object.entries(item).filter(([name]) => names.includes(name))))
}

export function statisticsOf(rows: Item[]): { items: number; bytes: number } {
  return { items: rows.length, bytes: rows.reduce((sum, row) => sum + itemSize(row), 0) }
}
