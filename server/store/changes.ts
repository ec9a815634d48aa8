/** What a partition's file holds of streams: which there are, and the records of changes, in the order of their making. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { ChangeRow, StreamRow } from './rows.ts'

/** New in format 3. */
export const CHANGE_TABLES = `
  CREATE TABLE stream (label TEXT PRIMARY KEY, since INTEGER NOT NULL, until INTEGER, ended_at INTEGER) WITHOUT ROWID;
  CREATE TABLE change (sequence INTEGER PRIMARY KEY, time INTEGER NOT NULL, by_service INTEGER NOT NULL, key BLOB NOT NULL,
    before INTEGER, after INTEGER, old_image TEXT, new_image TEXT);`

/** The document with the greatest sequence number that was dropped. */
const TRIMMED = 'trimmed'

/** Changes of one entry that can be told apart: more than fit in one. */
const CHANGES_PER_ENTRY = 65_536n
const LAST = 2n ** 63n - 1n

/** Sequence number of the `number`th effect of the entry at `position`; those of entries that come later are greater. */
export function sequenceOf(position: number, number = 0): bigint {
  return BigInt(position) * CHANGES_PER_ENTRY + BigInt(number)
}

/** As SQLite gives them: every integer is a bigint, for sequence numbers need all of its 63 bits. */
type ChangeColumns = [
  sequence: bigint,
  time: bigint,
  byService: bigint,
  key: Uint8Array,
  before: bigint | null,
  after: bigint | null,
  oldImage: string | null,
  newImage: string | null,
]
type StreamColumns = { label: string; since: bigint; until: bigint | null; ended_at: bigint | null }

export class ChangeReader {
  readonly #database: DatabaseSync
  readonly #page: StatementSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#page = database.prepare(
      `SELECT sequence, time, by_service, key, before, after, old_image, new_image FROM change
        WHERE sequence >= ? AND sequence < ? ORDER BY sequence LIMIT ?`,
    )
    this.#page.setReadBigInts(true)
    this.#page.setReturnArrays(true)
  }

  streams(): StreamRow[] {
    return this.#all<StreamColumns>('SELECT label, since, until, ended_at FROM stream').map(streamOf)
  }

  stream(label: string): StreamRow | undefined {
    const [row] = this.#all<StreamColumns>('SELECT label, since, until, ended_at FROM stream WHERE label = ?', label)
    return row && streamOf(row)
  }

  /** The greatest sequence number of what was dropped; 0 if nothing was. */
  trimmed(): bigint {
    const [row] = this.#all<{ value: string }>('SELECT value FROM document WHERE name = ?', TRIMMED)
    return BigInt(row?.value ?? 0)
  }

  /**
   * Changes from `from` on, up to but without `until`: `limit` at most, and, but for the first, not beyond `maxBytes` of keys
   * and images, as stored. `cut`: there may be more.
   */
  page(from: bigint, until: bigint, limit: number, maxBytes: number): { rows: ChangeRow[]; cut: boolean } {
    const rows: ChangeRow[] = []
    let bytes = 0
    for (const columns of this.#page.iterate(from, until, limit)) {
      const row = changeOf(columns as unknown as ChangeColumns)
      bytes += row.key.length + (row.oldImage?.length ?? 0) + (row.newImage?.length ?? 0)
      if (rows.length > 0 && bytes > maxBytes) return { rows, cut: true }
      rows.push(row)
    }
    return { rows, cut: rows.length === limit }
  }

  /**
   * The last of the oldest `limit` changes before which, itself included, all are older than `time`, and less than `until`;
   * undefined for none.
   */
  lastBefore(time: number, limit: number, until = LAST): bigint | undefined {
    const sql = 'SELECT sequence, time FROM change ORDER BY sequence LIMIT ?'
    let last: bigint | undefined
    for (const row of this.#all<{ sequence: bigint; time: bigint }>(sql, limit)) {
      if (row.time >= time || row.sequence >= until) break
      last = row.sequence
    }
    return last
  }

  #all<T>(sql: string, ...parameters: (string | number | bigint)[]): T[] {
    let statement = this.#statements.get(sql)
    if (!statement) {
      statement = this.#database.prepare(sql)
      statement.setReadBigInts(true)
      this.#statements.set(sql, statement)
    }
    return statement.all(...parameters) as T[]
  }
}

/** A change about to be recorded. `oldImage`, `newImage`: whether these are kept. The row has not changed yet. */
export type NewChange = {
  sequence: bigint
  time: number
  byService: boolean
  key: Uint8Array
  before: number | undefined
  after: { json: string; size: number } | undefined
  oldImage: boolean
  newImage: boolean
}

/** As `StoreWriter`: apply alone holds it. */
export class ChangeWriter {
  readonly #database: DatabaseSync
  readonly #record: StatementSync
  readonly #recordWithOld: StatementSync
  readonly #written: (bytes: number) => void

  /** `written`: hears of bytes that wait for a commit. */
  constructor(database: DatabaseSync, written: (bytes: number) => void) {
    this.#database = database
    this.#written = written
    const columns = '(sequence, time, by_service, key, before, after, old_image, new_image)'
    this.#record = database.prepare(`INSERT INTO change ${columns} VALUES (?, ?, ?, ?, ?, ?, NULL, ?)`)
    // The old image never leaves the database.
    this.#recordWithOld = database.prepare(
      `INSERT INTO change ${columns} SELECT ?, ?, ?, key, size, ?, image, ? FROM item WHERE key = ?`,
    )
  }

  record({ sequence, time, byService, key, before, after, oldImage, newImage }: NewChange): void {
    const by = byService ? 1 : 0
    const size = after?.size ?? null
    const image = newImage && after ? after.json : null
    this.#written((image?.length ?? 0) + (oldImage ? (before ?? 0) : 0))
    if (oldImage && before !== undefined) this.#recordWithOld.run(sequence, time, by, size, image, key)
    else this.#record.run(sequence, time, by, key, before ?? null, size, image)
  }

  /** One that was closed goes on. */
  open(label: string, since: bigint): void {
    const again = 'ON CONFLICT DO UPDATE SET until = NULL, ended_at = NULL'
    this.#database.prepare(`INSERT INTO stream (label, since) VALUES (?, ?) ${again}`).run(label, since)
  }

  /** `time`: epoch milliseconds. */
  close(label: string, until: bigint, time: number): void {
    this.#database.prepare('UPDATE stream SET until = ?, ended_at = ? WHERE label = ?').run(until, time, label)
  }

  trim(upTo: bigint): void {
    this.#database.prepare('DELETE FROM change WHERE sequence <= ?').run(upTo)
    this.#database.prepare(`INSERT OR REPLACE INTO document (name, value) VALUES ('${TRIMMED}', ?)`).run(String(upTo))
  }

  forget(label: string): void {
    this.#database.prepare('DELETE FROM stream WHERE label = ?').run(label)
  }
}

function changeOf([sequence, time, byService, key, before, after, oldImage, newImage]: ChangeColumns): ChangeRow {
  return {
    sequence,
    time: Number(time),
    byService: byService === 1n,
    key,
    before: numberOf(before),
    after: numberOf(after),
    oldImage: oldImage ?? undefined,
    newImage: newImage ?? undefined,
  }
}

function streamOf({ label, since, until, ended_at: endedAt }: StreamColumns): StreamRow {
  return { label, since, until: until ?? undefined, endedAt: numberOf(endedAt) }
}

function numberOf(column: bigint | null): number | undefined {
  return column === null ? undefined : Number(column)
}
