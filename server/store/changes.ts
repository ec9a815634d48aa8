/** What a partition's file holds of streams: which there are, and the records of changes, in the order of their making. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { ChangedEntry, ChangeRow, StreamRow } from './rows.ts'

/** New in format 3. */
export const CHANGE_TABLES = `
  CREATE TABLE stream (label TEXT PRIMARY KEY, since INTEGER NOT NULL, until INTEGER, ended_at INTEGER) WITHOUT ROWID;
  CREATE TABLE change (sequence INTEGER PRIMARY KEY, time INTEGER NOT NULL, by_service INTEGER NOT NULL, key BLOB NOT NULL,
    before INTEGER, after INTEGER, old_image TEXT, new_image TEXT);`

/** New in format 4. The changes of an entry are here, or each is a row of its own. */
export const CHANGED_ENTRY_TABLE = `
  CREATE TABLE changed_entry (last INTEGER PRIMARY KEY, time INTEGER NOT NULL, old_images INTEGER NOT NULL,
    new_images INTEGER NOT NULL, bytes BLOB NOT NULL);`

/** The document with the greatest sequence number that was dropped. */
const TRIMMED = 'trimmed'

/** Changes of one entry that can be told apart: more than fit in one. */
const CHANGES_PER_ENTRY = 65_536n
const LAST = 2n ** 63n - 1n

/** Sequence number of the `number`th effect of the entry at `position`; those of entries that come later are greater. */
export function sequenceOf(position: number, number = 0): bigint {
  return BigInt(position) * CHANGES_PER_ENTRY + BigInt(number)
}

/** The entry's position. */
export function positionOf(sequence: bigint): number {
  return Number(sequence / CHANGES_PER_ENTRY)
}

/** As SQLite gives them, of either table: every integer is a bigint, for sequence numbers need all of its 63 bits. */
type ChangeColumns = [
  bytes: null,
  sequence: bigint,
  time: bigint,
  byService: bigint,
  key: Uint8Array,
  before: bigint | null,
  after: bigint | null,
  oldImage: string | null,
  newImage: string | null,
]
type EntryColumns = [bytes: Uint8Array, last: bigint, time: bigint, oldImages: bigint, newImages: bigint]

const OLDEST = `SELECT last AS sequence, time, length(bytes) AS bytes FROM changed_entry
  UNION ALL SELECT sequence, time, ifnull(before, 0) + ifnull(after, 0) FROM change ORDER BY 1 LIMIT ?`

type StreamColumns = { label: string; since: bigint; until: bigint | null; ended_at: bigint | null }

export class ChangeReader {
  readonly #database: DatabaseSync
  readonly #rows: StatementSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(database: DatabaseSync) {
    this.#database = database
    // Each has its rows in this order: SQLite merges them as they are asked for.
    this.#rows = database.prepare(
      `SELECT bytes, last, time, old_images, new_images, NULL, NULL, NULL, NULL FROM changed_entry
        WHERE last >= ?1 AND last < ?2
      UNION ALL SELECT NULL, sequence, time, by_service, key, before, after, old_image, new_image FROM change
        WHERE sequence >= ?1 AND sequence < ?2 ORDER BY 2`,
    )
    this.#rows.setReadBigInts(true)
    this.#rows.setReturnArrays(true)
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

  /** Changes from `from` on, up to but without `until`, in their order; the first entry may begin before. */
  *rows(from: bigint, until: bigint): Generator<ChangeRow | ChangedEntry> {
    for (const row of this.#rows.iterate(from, until)) {
      const columns = row as unknown as ChangeColumns | EntryColumns
      yield columns[0] === null ? changeOf(columns) : entryOf(columns)
    }
  }

  /**
   * Of the oldest changes, those of `limit` rows and about `maxBytes` at most, the last one before which, itself included,
   * all are older than `time`, and less than `until`; undefined for none.
   */
  lastBefore(time: number, limit: number, maxBytes: number, until = LAST): bigint | undefined {
    let last: bigint | undefined
    let bytes = 0n
    for (const row of this.#all<{ sequence: bigint; time: bigint; bytes: bigint }>(OLDEST, limit)) {
      if (row.time >= time || row.sequence >= until || bytes >= maxBytes) break
      bytes += row.bytes
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

/** A change about to be recorded. `oldImages`, `newImages`: whether these are kept. The row has not changed yet. */
export type NewChange = {
  sequence: bigint
  time: number
  byService: boolean
  key: Uint8Array
  before: number | undefined
  after: { json: string; size: number } | undefined
  oldImages: boolean
  newImages: boolean
}

/** As `StoreWriter`: apply alone holds it. */
export class ChangeWriter {
  readonly #database: DatabaseSync
  readonly #record: StatementSync
  readonly #recordWithOld: StatementSync
  readonly #keep: StatementSync
  readonly #written: (bytes: number) => void

  /** `written`: hears of bytes that wait for a commit. */
  constructor(database: DatabaseSync, written: (bytes: number) => void) {
    this.#database = database
    this.#written = written
    const columns = '(sequence, time, by_service, key, before, after, old_image, new_image)'
    this.#record = database.prepare(`INSERT INTO change ${columns} VALUES (?, ?, ?, ?, ?, ?, NULL, ?)`)
    this.#keep = database.prepare('INSERT INTO changed_entry VALUES (?, ?, ?, ?, ?)')
    // The old image never leaves the database.
    this.#recordWithOld = database.prepare(
      `INSERT INTO change ${columns} SELECT ?, ?, ?, key, size, ?, image, ? FROM item WHERE key = ?`,
    )
  }

  /** The entry has all of its changes' images. */
  keep({ last, time, oldImages, newImages, bytes }: ChangedEntry): void {
    this.#written(bytes.length)
    this.#keep.run(last, time, oldImages ? 1 : 0, newImages ? 1 : 0, bytes)
  }

  record({ sequence, time, byService, key, before, after, oldImages, newImages }: NewChange): void {
    const by = byService ? 1 : 0
    const size = after?.size ?? null
    const image = newImages && after ? after.json : null
    this.#written((image?.length ?? 0) + (oldImages ? (before ?? 0) : 0))
    if (oldImages && before !== undefined) this.#recordWithOld.run(sequence, time, by, size, image, key)
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
    this.#database.prepare('DELETE FROM changed_entry WHERE last <= ?').run(upTo)
    this.#database.prepare(`INSERT OR REPLACE INTO document (name, value) VALUES ('${TRIMMED}', ?)`).run(String(upTo))
  }

  forget(label: string): void {
    this.#database.prepare('DELETE FROM stream WHERE label = ?').run(label)
  }
}

function entryOf([bytes, last, time, oldImages, newImages]: EntryColumns): ChangedEntry {
  return { last, time: Number(time), oldImages: oldImages === 1n, newImages: newImages === 1n, bytes }
}

function changeOf([, sequence, time, byService, key, before, after, oldImage, newImage]: ChangeColumns): ChangeRow {
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
