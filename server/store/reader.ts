/** What may be asked of a partition's state. Everything read is applied, and so durable in the log. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { AppliedState, Image, Page, RowRange, RowStatistics } from './rows.ts'

/** Where rows are: the items themselves (undefined), or a local index by its number. */
export type RowTable = number | undefined

export class StoreReader {
  readonly #database: DatabaseSync
  readonly #get: StatementSync
  readonly #size: StatementSync
  readonly #ranges = new Map<string, StatementSync>()

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#get = database.prepare('SELECT image, size FROM item WHERE key = ?')
    this.#get.setReturnArrays(true)
    this.#size = database.prepare('SELECT size FROM item WHERE key = ?')
    this.#size.setReturnArrays(true)
  }

  get(key: Buffer): Image | undefined {
    const row = this.#get.get(key) as unknown as [string, number] | undefined
    return row && { json: row[0], size: row[1] }
  }

  /** Size of the item at `key`, without reading it; undefined if there is none. */
  sizeOf(key: Buffer): number | undefined {
    return (this.#size.get(key) as unknown as [number] | undefined)?.[0]
  }

  range(table: RowTable, range: RowRange): Page {
    const reverse = range.reverse === true
    const from = range.after && !reverse ? last(range.from, Buffer.concat([range.after, Buffer.of(0)])) : range.from
    const to = range.after && reverse ? first(range.to, range.after) : range.to
    const page: Page = { rows: [], bytes: 0, cut: false }
    const limit = range.limit ?? Number.POSITIVE_INFINITY
    const parameters = table === undefined ? [from, to] : [table, from, to]
    for (const row of this.#rangeStatement(table, reverse).iterate(...parameters)) {
      const [json, size] = row as unknown as [string, number]
      page.rows.push({ json, size })
      page.bytes += size
      if (page.rows.length < limit && page.bytes < range.maxBytes) continue
      page.cut = true
      break
    }
    return page
  }

  state(): AppliedState {
    const row = this.#database.prepare('SELECT position, chain, epoch, items, bytes FROM state').get()
    return { ...(row as AppliedState) }
  }

  localStatistics(number: number): RowStatistics {
    const row = this.#database.prepare('SELECT items, bytes FROM local_statistics WHERE number = ?').get(number)
    return row ? { ...(row as RowStatistics) } : { items: 0, bytes: 0 }
  }

  /** How far the entries of another partition's log have been taken in here. */
  consumed(source: string): number {
    const row = this.#database.prepare('SELECT position FROM consumed WHERE source = ?').get(source)
    return (row as { position: number } | undefined)?.position ?? 0
  }

  /** A named JSON document, such as the schema. */
  document<T>(name: string): T | undefined {
    const row = this.#database.prepare('SELECT value FROM document WHERE name = ?').get(name)
    return row && (JSON.parse((row as { value: string }).value) as T)
  }

  #rangeStatement(table: RowTable, reverse: boolean): StatementSync {
    const from = table === undefined ? 'item WHERE' : 'local_index WHERE number = ? AND'
    const sql = `SELECT image, size FROM ${from} key >= ? AND key < ? ORDER BY key ${reverse ? 'DESC' : 'ASC'}`
    let statement = this.#ranges.get(sql)
    if (!statement) {
      statement = this.#database.prepare(sql)
      statement.setReturnArrays(true)
      this.#ranges.set(sql, statement)
    }
    return statement
  }
}

function first(a: Buffer, b: Buffer): Buffer {
  return a.compare(b) < 0 ? a : b
}

function last(a: Buffer, b: Buffer): Buffer {
  return a.compare(b) > 0 ? a : b
}
