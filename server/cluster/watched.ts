/** Items, with the keys that requests touch counted where contributor insights are enabled. */
import { readUnits } from '../capacity/units.ts'
import { globalIndexKey, rowKey } from '../codec/key.ts'
import { DynamoError } from '../model/errors.ts'
import type { Item } from '../model/item.ts'
import { schemaOf, type TableRecord } from '../model/table.ts'
import type { Image, Page, WriteCommand, WriteOutcome } from '../partition/command.ts'
import type { Items, RangePage, RangeTarget } from './cluster.ts'
import { type Insights, partitionEnd, type Watched } from './insights.ts'

/** CloudWatch's weight of a write unit among read units. */
const WRITE_WEIGHT = 3
const HASH_SIZE = 4
const THROTTLES = new Set(['ProvisionedThroughputExceededException', 'ThrottlingException', 'RequestLimitExceeded'])

/** Where nothing is enabled, a request costs one look at its table's record more. */
export class WatchedItems implements Items {
  readonly #items: Items
  readonly #insights: Insights

  constructor(items: Items, insights: Insights) {
    this.#items = items
    this.#insights = insights
  }

  get(table: TableRecord, key: Buffer, consistent: boolean): Promise<Image | undefined> {
    const reading = this.#items.get(table, key, consistent)
    const watched = watchedTable(table)
    if (watched === undefined) return reading
    return this.#watch(reading, watched, key, image => {
      this.#insights.accessed(watched, key, readUnits(image?.size ?? 0, consistent))
    })
  }

  write(table: TableRecord, command: WriteCommand): Promise<WriteOutcome> {
    const writing = this.#items.write(table, command)
    const watched = watchedTable(table)
    if (watched === undefined) return writing
    return this.#watch(writing, watched, command.key, ({ units }) => {
      this.#insights.accessed(watched, command.key, units.table * WRITE_WEIGHT)
    })
  }

  range(table: TableRecord, target: RangeTarget, request: RangePage, consistent: boolean): Promise<Page> {
    const watched = target && 'globalIndex' in target ? watchedIndex(table, target.globalIndex.id) : watchedTable(table)
    if (watched === undefined) return this.#items.range(table, target, request, consistent)
    // Rows are counted one by one.
    const reading = this.#items.range(table, target, { ...request, splice: false }, consistent)
    // Only the ranges of queries begin with a whole partition key; those of scans with the hash alone.
    const partition = request.from.length > HASH_SIZE ? partitionOf(watched, request.from) : undefined
    return this.#watch(reading, watched, partition, page => this.#countPage(watched, page, partition, consistent))
  }

  /** The units of a page are its partition's, and its rows' by their sizes. */
  #countPage(watched: WatchedRows, page: Page, partition: Buffer | undefined, consistent: boolean): void {
    const units = readUnits(page.bytes, consistent)
    if (partition !== undefined) this.#insights.accessed(watched, partition, units)
    for (const { json, size } of page.rows) {
      const key = watched.keyOf(JSON.parse(json) as Item)
      const share = (units * size) / page.bytes
      if (partition === undefined) this.#insights.accessed(watched, key, share)
      else this.#insights.accessedItem(watched, key, share)
    }
  }

  /** `key`: what is counted as throttled if the request is. */
  async #watch<T>(
    request: Promise<T>,
    watched: Watched,
    key: Buffer | undefined,
    count: (result: T) => void,
  ): Promise<T> {
    try {
      const result = await request
      count(result)
      return result
    } catch (error) {
      const isThrottle = error instanceof DynamoError && THROTTLES.has(error.code)
      if (isThrottle && key !== undefined) this.#insights.throttled(watched, key)
      throw error
    }
  }
}

/** Something watched whose rows tell their keys. */
type WatchedRows = Watched & { keyOf(item: Item): Buffer }

type WatchedSchema = { table: WatchedRows | undefined; indexes: Map<string, WatchedRows> }

const schemas = new WeakMap<TableRecord, WatchedSchema>()

/** What is watched of a table, worked out once per version of its record. */
function watchedOf(table: TableRecord): WatchedSchema {
  let watched = schemas.get(table)
  if (watched === undefined) schemas.set(table, (watched = watchedSchema(table)))
  return watched
}

function watchedSchema(table: TableRecord): WatchedSchema {
  const { key, indexes } = schemaOf(table)
  const own = table.contributorInsights
  const watched: WatchedSchema = { table: undefined, indexes: new Map() }
  if (own?.enabled) watched.table = { id: table.id, key, insights: own, keyOf: item => rowKey(key, item) }
  for (const { id, contributorInsights: insights } of table.globalIndexes) {
    const index = indexes.find(index => index.id === id)
    if (!insights?.enabled || index === undefined) continue
    watched.indexes.set(id, { id, key: index.key, insights, keyOf: item => globalIndexKey(key, index, item) })
  }
  return watched
}

/** What is watched of the table itself; undefined if insights are not enabled. */
export function watchedTable(table: TableRecord): WatchedRows | undefined {
  return table.contributorInsights?.enabled ? watchedOf(table).table : undefined
}

/** The same, of a global index by its id. */
export function watchedIndex(table: TableRecord, index: string): WatchedRows | undefined {
  return watchedOf(table).indexes.get(index)
}

function partitionOf({ key }: Watched, from: Buffer): Buffer {
  return from.subarray(0, partitionEnd(key, from))
}
