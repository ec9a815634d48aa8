/** After a restart: what the table holds is possible, and the indexes hold what the table says. */
import { isDeepStrictEqual } from 'node:util'
import { getOwn, type Item } from '../../../server/model/item.ts'
import { type Api, scanAll, TABLE } from './api.ts'
import { checkBallast } from './ballast.ts'
import type { Writer } from './writer.ts'

/** The attributes an index carries; undefined for all. An item is in it if it has `key`. */
export type IndexShape = { name: string; key: string; carried: string[] | undefined }

export const INDEXES: IndexShape[] = [
  { name: 'Local', key: 'color', carried: undefined },
  { name: 'ByColor', key: 'color', carried: ['pk', 'sk', 'color'] },
  { name: 'ByCategory', key: 'category', carried: undefined },
]

/** Comes and goes, and is caught half-way by some kills. */
export const LATE_INDEX: IndexShape = {
  name: 'ByVersion',
  key: 'version',
  carried: ['pk', 'sk', 'version', 'category'],
}

const SETTLE_MS = 30_000

/** Checks every key, and takes what is found as the only possible state from now on. Errors: whatever is not as it must be. */
export async function checkTable(api: Api, writers: Writer[]): Promise<void> {
  const items = await scanAll(api)
  const found = new Map(items.map(item => [nameOf(item), item]))
  for (const writer of writers) {
    for (const [index, possible] of writer.keys.entries()) {
      const name = `${writer.partitionKey()}/${index}`
      const item = found.get(name)
      found.delete(name)
      if (!possible.some(state => isDeepStrictEqual(state, item))) {
        throw new Error(`${name} holds ${brief(item)}; possible: ${possible.map(brief).join(' or ')}`)
      }
      writer.keys[index] = [item]
    }
  }
  checkBallast(found)
  checkCounter(found.get('counter/0'), writers)
  found.delete('counter/0')
  if (found.size > 0) throw new Error(`items that nobody wrote: ${[...found.keys()].join(', ')}`)
}

function checkCounter(counter: Item | undefined, writers: Writer[]): void {
  const total = Number(counter?.hits?.N ?? 0)
  const sure = writers.reduce((sum, writer) => sum + writer.increments.sure, 0)
  const unsure = writers.reduce((sum, writer) => sum + writer.increments.unsure, 0)
  if (total < sure || total > sure + unsure) {
    throw new Error(`the counter shows ${total}; ${sure} increments were acknowledged, ${unsure} were cut off`)
  }
}

/** Global indexes may need a moment to take in the end of the log. Errors: an index that differs for good. */
export async function checkIndexes(api: Api, indexes: IndexShape[]): Promise<void> {
  const items = await scanAll(api)
  for (const index of indexes) {
    const wanted = new Map(
      items.filter(item => getOwn(item, index.key)).map(item => [nameOf(item), carried(item, index)]),
    )
    const end = Date.now() + (index.name === 'Local' ? 0 : SETTLE_MS)
    while (true) {
      const rows = await scanAll(api, index.name)
      const difference = compare(wanted, rows)
      if (!difference) break
      if (Date.now() >= end) throw new Error(`index ${index.name}: ${difference}`)
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }
}

/** Waits until the late index is built. */
export async function lateIndexBuilt(api: Api): Promise<void> {
  for (const end = Date.now() + 30_000; Date.now() < end; ) {
    const indexes = await describeIndexes(api)
    if (indexes.get(LATE_INDEX.name) === 'ACTIVE') return
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error(`index ${LATE_INDEX.name} was not built in 30 s`)
}

/** Names and statuses of the global indexes. */
export async function describeIndexes(api: Api): Promise<Map<string, string>> {
  const { Table } = (await api('DescribeTable', { TableName: TABLE })) as unknown as {
    Table: { GlobalSecondaryIndexes: { IndexName: string; IndexStatus: string }[] }
  }
  return new Map(Table.GlobalSecondaryIndexes.map(index => [index.IndexName, index.IndexStatus]))
}

function compare(wanted: Map<string, Item>, rows: Item[]): string | undefined {
  if (rows.length !== wanted.size) return `${rows.length} rows instead of ${wanted.size}`
  for (const row of rows) {
    const item = wanted.get(nameOf(row))
    if (!isDeepStrictEqual(item, row)) return `row ${brief(row)}, the table says ${brief(item)}`
  }
  return undefined
}

function carried(item: Item, index: IndexShape): Item {
  if (!index.carried) return item
  return Object.fromEntries(Object.entries(item).filter(([name]) => index.carried!.includes(name)))
}

function nameOf(item: Item): string {
  return `${item.pk!.S}/${item.sk!.N}`
}

function brief(item: Item | undefined): string {
  const text = JSON.stringify(item) ?? 'nothing'
  return text.length > 200 ? `${text.slice(0, 200)}...` : text
}
