/** Whether all that was acknowledged is there when the soak is over. */
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Item } from '../../../server/model/item.ts'
import { type Api, apiOf } from '../crash/api.ts'
import { GLOBAL, INDEXED, LOCAL, PLAIN } from './mix.ts'

/** A global index may take so long to take in the last writes. */
const FEED_MS = 10_000

/** `counted` additions to counters were acknowledged. Errors: there are more or fewer, or an index differs from its table. */
export async function checkContents(endpoint: string, counted: number): Promise<void> {
  const api = apiOf(endpoint)
  const items = await scan(api, INDEXED)
  const visits = [...items, ...(await scan(api, PLAIN))].reduce((sum, { visits }) => sum + numberOf(visits), 0)
  if (visits !== counted) throw new Error(`${counted} updates were acknowledged, the counters say ${visits}`)
  const rows = rowsOf(items)
  for (const index of [LOCAL, GLOBAL])
    for (const end = Date.now() + FEED_MS; !isDeepStrictEqual(rowsOf(await scan(api, INDEXED, index)), rows); ) {
      if (Date.now() > end) throw new Error(`the index ${index} differs from its table of ${rows.length} items`)
      await sleep(100)
    }
}

async function scan(api: Api, TableName: string, IndexName?: string): Promise<Item[]> {
  const items: Item[] = []
  let start: Item | undefined
  do {
    const page = (await api('Scan', {
      TableName,
      IndexName,
      ConsistentRead: IndexName !== GLOBAL,
      ProjectionExpression: 'pk, sk, #owner, amount, visits',
      ExpressionAttributeNames: { '#owner': 'owner' },
      ExclusiveStartKey: start,
    })) as unknown as { Items: Item[]; LastEvaluatedKey?: Item }
    items.push(...page.Items)
    start = page.LastEvaluatedKey
  } while (start)
  return items
}

function numberOf(value: Item[string] | undefined): number {
  return Number((value as { N: string }).N)
}

/** One line for each item, in order. */
function rowsOf(items: Item[]): string[] {
  return items.map(({ pk, sk, owner, amount, visits }) => JSON.stringify([pk, sk, owner, amount, visits])).sort()
}
