/** Tables as wholes: what one holds, and whether two hold the same. */

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { gunzipSync } from 'node:zlib'
import type { Item } from '../../../server/model/item.ts'
import type { Api } from '../crash/api.ts'

/** Items by key. */
export type Whole = Map<string, Item>

type Page = { Items: Item[]; LastEvaluatedKey?: Item }

export async function rowsOf(api: Api, TableName: string, IndexName?: string): Promise<Item[]> {
  const rows: Item[] = []
  let ExclusiveStartKey: Item | undefined
  do {
    const request = { TableName, IndexName, ConsistentRead: IndexName === undefined, ExclusiveStartKey }
    const page = (await api('Scan', request)) as unknown as Page
    rows.push(...page.Items)
    ExclusiveStartKey = page.LastEvaluatedKey
  } while (ExclusiveStartKey)
  return rows
}

export function wholeOf(items: Item[]): Whole {
  return new Map(items.map(item => [`${item.pk!.S}/${item.sk!.N}`, item]))
}

/** The items of an export's data files. `folder`: that of the export, in its bucket. */
export async function exportedIn(folder: string): Promise<Item[]> {
  const items: Item[] = []
  for (const file of await readdir(join(folder, 'data'))) {
    const lines = gunzipSync(await readFile(join(folder, 'data', file)))
      .toString()
      .split('\n')
    for (const line of lines) if (line) items.push(JSON.parse(line).Item)
  }
  return items
}

/** Errors: they differ, or an item is there twice. */
export function requireSame(what: string, wanted: Whole, items: Item[]): void {
  const found = wholeOf(items)
  if (found.size !== items.length) throw new Error(`${what} has items twice`)
  for (const [key, item] of wanted)
    if (!isDeepStrictEqual(found.get(key), item))
      throw new Error(`${what} has ${JSON.stringify(found.get(key))} where the table had ${JSON.stringify(item)}`)
  if (found.size !== wanted.size) throw new Error(`${what} has ${found.size} items, the table had ${wanted.size}`)
}
