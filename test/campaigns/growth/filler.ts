/** Items that make a table big, and readings of all of them while it is cut and joined. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { AttributeValue, DynamoDB, QueryCommandInput } from '@aws-sdk/client-dynamodb'
import { TABLE } from '../crash/api.ts'
import { INDEX, keyOf } from '../faults/table.ts'

const PREFIX = 'filler'
const CATEGORIES = 5
const TEXT = 'x'.repeat(900)
/** Writers at once, each with a pause after each write. */
const WRITERS = 4
const PAUSE_MS = 20
/** An index has what was written so long ago; or, where others use the machine too, a while later. */
const FED_MS = 5000
const PATIENCE_MS = 60_000

type Key = Record<string, AttributeValue>
type Ask = (from: { Limit: number; ExclusiveStartKey?: Key }) => Promise<{ Items?: Key[]; LastEvaluatedKey?: Key }>

class Missing extends Error {}

export class Filler {
  readonly #db: DynamoDB
  /** Those that were there at this time, and were not begun to be deleted. */
  readonly #there = new Map<string, number>()
  /** Scans, and queries of the index, from the first item to the last. */
  walks = 0

  constructor(db: DynamoDB) {
    this.#db = db
  }

  async fill(count: number): Promise<void> {
    await this.#each(count, async i => {
      const place = { ...keyOf(nameOf(i)), category: { S: categoryOf(i) } }
      await this.#db.putItem({ TableName: TABLE, Item: { ...place, text: { S: TEXT } } })
      this.#there.set(nameOf(i), performance.now())
    })
  }

  async empty(): Promise<void> {
    await this.#each(this.#there.size, async i => {
      this.#there.delete(nameOf(i))
      await this.#db.deleteItem({ TableName: TABLE, Key: keyOf(nameOf(i)) })
    })
  }

  /** Reads all, by the table and by its index, until `isOver`. Errors: an item that is missing, or there twice. */
  async walk(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await this.#check('a scan', performance.now(), from =>
        this.#db.scan({ TableName: TABLE, ConsistentRead: true, ...from }),
      )
      for (let i = 0; i < CATEGORIES; i++) {
        const category = categoryOf(i)
        const query: QueryCommandInput = {
          TableName: TABLE,
          IndexName: INDEX.name,
          KeyConditionExpression: 'category = :c',
          ExpressionAttributeValues: { ':c': { S: category } },
        }
        const since = performance.now() - FED_MS
        await this.#checkSoon(`a query of ${category}`, since, from => this.#db.query({ ...query, ...from }), i)
      }
      this.walks += 1
      await sleep(PAUSE_MS)
    }
  }

  /** As `#check`; what is missing may come in a minute. */
  async #checkSoon(what: string, since: number, ask: Ask, residue: number): Promise<void> {
    for (const end = since + PATIENCE_MS; ; await sleep(PAUSE_MS)) {
      try {
        return await this.#check(what, since, ask, residue)
      } catch (error) {
        if (!(error instanceof Missing) || performance.now() > end) throw error
      }
    }
  }

  /** `since`: what was there by then, and still is, must be found. `residue`: of the numbers of those that are asked for. */
  async #check(what: string, since: number, ask: Ask, residue?: number): Promise<void> {
    const expected = [...this.#there].filter(([, at]) => at <= since).map(([name]) => name)
    const found = new Set<string>()
    let from: Key | undefined
    do {
      const page = await ask({ Limit: 100, ...(from && { ExclusiveStartKey: from }) })
      for (const { pk } of page.Items ?? []) {
        const name = pk!.S!
        if (!name.startsWith(PREFIX)) continue
        if (found.has(name)) throw new Error(`${what} shows ${name} twice`)
        found.add(name)
      }
      from = page.LastEvaluatedKey
    } while (from)
    const isAsked = (name: string) => residue === undefined || Number(name.split(' ')[1]) % CATEGORIES === residue
    const missing = expected.filter(name => isAsked(name) && this.#there.has(name) && !found.has(name))
    if (missing.length > 0) throw new Missing(`${what} lacks ${missing.length} items, ${missing[0]} first`)
  }

  async #each(count: number, work: (i: number) => Promise<void>): Promise<void> {
    let next = 0
    const run = async () => {
      while (next < count) {
        await work(next++)
        await sleep(PAUSE_MS)
      }
    }
    await Promise.all(Array.from({ length: WRITERS }, run))
  }
}

function nameOf(i: number): string {
  return `${PREFIX} ${i}`
}

function categoryOf(i: number): string {
  return `filler ${i % CATEGORIES}`
}
