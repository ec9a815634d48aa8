/**
 * Digests of what a partition's file holds: of its rows, not of its pages, for two files with the same rows differ in bytes.
 * All rows of all tables in one order, some at a time.
 */
import { createHash, type Hash } from 'node:crypto'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { ReadTurn } from './turn.ts'

/** `next`: from where the rest is to be read; undefined if there is none. */
export type DigestPage = { digest: string; bytes: number; next: string | undefined }

/** `key`: the primary key, which rows are read by. */
type Rows = { table: string; key: string[]; values: string[] }

/**
 * What apply has made, all of it but the position, its hash and what adds up, which are in memory as well. The tail of entries
 * is each replica's own.
 */
const ROWS: Rows[] = [
  { table: 'item', key: ['key'], values: ['key', 'CAST(image AS BLOB)', 'size'] },
  { table: 'local_index', key: ['number', 'key'], values: ['number', 'key', 'CAST(image AS BLOB)', 'size'] },
  { table: 'local_statistics', key: ['number'], values: ['number', 'items', 'bytes'] },
  { table: 'consumed', key: ['source'], values: ['source', 'position'] },
  { table: 'document', key: ['name'], values: ['name', 'value'] },
  { table: 'stream', key: ['label'], values: ['label', 'since', 'until', 'ended_at'] },
  {
    table: 'change',
    key: ['sequence'],
    values: ['sequence', 'time', 'by_service', 'key', 'before', 'after', 'old_image', 'new_image'],
  },
  { table: 'changed_entry', key: ['last'], values: ['last', 'time', 'old_images', 'new_images', 'bytes'] },
  { table: 'expiry', key: ['key'], values: ['key', 'time'] },
  { table: 'prepared', key: ['tx'], values: ['tx', 'ticket', 'home'] },
  { table: 'lock', key: ['tx', 'key'], values: ['tx', 'key', 'changes', 'image', 'size'] },
  // Their numbers say nothing but the order.
  { table: 'decision', key: ['number'], values: ['tx', 'outcome', 'time', 'participants'] },
  { table: 'token', key: ['number'], values: ['token', 'request', 'expires', 'units'] },
]

type Value = null | bigint | number | string | Uint8Array
type Place = { table: number; key: Value[] | undefined }

export class DigestReader {
  readonly #database: DatabaseSync
  readonly #turn: ReadTurn
  readonly #statements = new Map<string, StatementSync>()

  constructor(database: DatabaseSync, turn: ReadTurn) {
    this.#database = database
    this.#turn = turn
  }

  /** Of `seed` and the rows from `from` on, about `maxBytes` of them and at least one. Two files with the same rows have the same. */
  page(seed: string, from: string | undefined, maxBytes: number): DigestPage {
    this.#turn.begin()
    const hash = createHash('sha256').update(seed)
    let bytes = 0
    let { table, key } = from === undefined ? { table: 0, key: undefined } : placeOf(from)
    for (; table < ROWS.length; table++, key = undefined) {
      hash.update(`\n${ROWS[table]!.table}\n`)
      const width = ROWS[table]!.key.length
      for (const row of this.#rows(table, key)) {
        bytes += add(hash, row.slice(width))
        if (bytes >= maxBytes) return { digest: digestOf(hash), bytes, next: textOf(table, row.slice(0, width)) }
      }
    }
    return { digest: digestOf(hash), bytes, next: undefined }
  }

  #rows(number: number, after: Value[] | undefined): Iterable<Value[]> {
    const { table, key, values } = ROWS[number]!
    const columns = key.join(', ')
    const where = after ? `WHERE (${columns}) > (${key.map(() => '?').join(', ')})` : ''
    const sql = `SELECT ${[...key, ...values].join(', ')} FROM ${table} ${where} ORDER BY ${columns}`
    let statement = this.#statements.get(sql)
    if (!statement) {
      statement = this.#database.prepare(sql)
      statement.setReadBigInts(true)
      statement.setReturnArrays(true)
      this.#statements.set(sql, statement)
    }
    return statement.iterate(...(after ?? [])) as unknown as Iterable<Value[]>
  }
}

/** The name of the table that `page` goes on with. */
export function tableAt(from: string | undefined): string {
  return ROWS[from === undefined ? 0 : placeOf(from).table]!.table
}

/** Kinds and lengths first, so that no two rows come to the same. @returns the row's bytes, about */
function add(hash: Hash, row: Value[]): number {
  const long = row.filter(value => typeof value === 'string' || value instanceof Uint8Array)
  const bytes = long.reduce((sum, { length }) => sum + length, 0)
  hash.update(`${row.map(kindOf).join(',')};`)
  for (const value of long) hash.update(value)
  return bytes + 8 * (row.length - long.length)
}

function kindOf(value: Value): string {
  if (value === null) return 'n'
  if (typeof value === 'string') return `t${value.length}`
  return value instanceof Uint8Array ? `b${value.length}` : `i${value}`
}

function digestOf(hash: Hash): string {
  return hash.digest('base64url')
}

function textOf(table: number, key: Value[]): string {
  const parts = key.map(part => {
    if (typeof part === 'string') return { text: part }
    return part instanceof Uint8Array ? { bytes: Buffer.from(part).toString('base64') } : { number: String(part) }
  })
  return JSON.stringify([ROWS[table]!.table, ...parts])
}

type Part = { text?: string; bytes?: string; number?: string }

function placeOf(text: string): Place {
  const [name, ...parts] = JSON.parse(text) as [string, ...Part[]]
  const table = ROWS.findIndex(rows => rows.table === name)
  if (table < 0) throw new Error(`this version of Tavola knows no table ${name}`)
  const key = parts.map(
    ({ text, bytes, number }) => text ?? (bytes === undefined ? BigInt(number!) : Buffer.from(bytes, 'base64')),
  )
  return { table, key }
}
