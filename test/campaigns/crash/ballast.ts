/** Items that nobody changes: they make a new index take many pages to build, so that kills find it half-way. */
import { isDeepStrictEqual } from 'node:util'
import type { Item } from '../../../server/model/item.ts'
import { type Api, TABLE } from './api.ts'

const COUNT = 3000
const BATCH = 25

export async function loadBallast(api: Api): Promise<void> {
  for (let first = 0; first < COUNT; first += BATCH) {
    const requests = Array.from({ length: BATCH }, (_, index) => ({ PutRequest: { Item: item(first + index) } }))
    await api('BatchWriteItem', { RequestItems: { [TABLE]: requests } })
  }
}

/** Takes the ballast out of what was found. Errors: some of it is missing or changed. */
export function checkBallast(found: Map<string, Item>): void {
  for (let number = 0; number < COUNT; number++) {
    const wanted = item(number)
    const name = `${wanted.pk!.S}/${number}`
    if (!isDeepStrictEqual(found.get(name), wanted)) throw new Error(`${name}, which nobody changed, is not as it was`)
    found.delete(name)
  }
}

function item(number: number): Item {
  return {
    pk: { S: `ballast-${number % 50}` },
    sk: { N: String(number) },
    version: { N: String(number % 1000) },
    category: { S: `c${number % 6}` },
  }
}
