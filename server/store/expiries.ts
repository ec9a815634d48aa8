/** What a partition's file holds of times to live: when which item expires. Empty unless the table has one. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Expiry } from './rows.ts'

/** New in format 3. Times are epoch seconds. */
export const EXPIRY_TABLES = `
  CREATE TABLE expiry (key BLOB PRIMARY KEY, time INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX expiry_time ON expiry (time, key);`

export class ExpiryReader {
  readonly #due: StatementSync

  constructor(database: DatabaseSync) {
    this.#due = database.prepare(
      'SELECT time, key FROM expiry WHERE (time, key) > (?, ?) AND time < ? ORDER BY time, key LIMIT ?',
    )
    this.#due.setReturnArrays(true)
  }

  /** Items that expire after `after`, in the order of time and key, and before `time`. */
  due(after: Expiry, time: number, limit: number): Expiry[] {
    const rows = this.#due.all(after.expires, after.key, time, limit) as unknown as [number, Uint8Array][]
    return rows.map(([expires, key]) => ({ expires, key: Buffer.from(key) }))
  }
}

/** As `StoreWriter`: apply alone holds it. */
export class ExpiryWriter {
  readonly #database: DatabaseSync
  readonly #put: StatementSync
  readonly #delete: StatementSync

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#put = database.prepare(
      'INSERT INTO expiry (key, time) VALUES (?, ?) ON CONFLICT DO UPDATE SET time = excluded.time',
    )
    this.#delete = database.prepare('DELETE FROM expiry WHERE key = ?')
  }

  /** `expires`: null if it does not. */
  set(key: Uint8Array, expires: number | null): void {
    if (expires === null) this.#delete.run(key)
    else this.#put.run(key, expires)
  }

  clear(): void {
    this.#database.exec('DELETE FROM expiry')
  }
}
