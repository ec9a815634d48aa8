/**
 * Rows by key for the time of one piece of work: in memory while they are few, in a nameless file that SQLite removes by
 * itself when they are many.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite'

/** `json`: null for a row that is deleted. `before`: what another source said of the key; see `remember`. */
export type ScratchRow = { key: Buffer; json: string | null; before: string | null; time: number }

export class Scratch {
  readonly #database = new DatabaseSync('')
  readonly #put: StatementSync
  readonly #get: StatementSync
  readonly #remember: StatementSync
  #size = 0

  constructor() {
    this.#database.exec(`
      PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;
      CREATE TABLE row (key BLOB PRIMARY KEY, json TEXT, before TEXT, time INTEGER NOT NULL) WITHOUT ROWID;
      BEGIN`)
    this.#put = this.#database.prepare(
      'INSERT INTO row (key, json, time) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET json = excluded.json, time = excluded.time',
    )
    this.#get = this.#database.prepare('SELECT 1 FROM row WHERE key = ?')
    this.#remember = this.#database.prepare('UPDATE row SET before = ? WHERE key = ?')
  }

  /** Rows put so far, those that were there before included. */
  get size(): number {
    return this.#size
  }

  put(key: Uint8Array, json: string | undefined, time = 0): void {
    this.#put.run(key, json ?? null, time)
    this.#size += 1
  }

  has(key: Uint8Array): boolean {
    return this.#get.get(key) !== undefined
  }

  /** Sets `before` of a row that is here; nothing if it is not. */
  remember(key: Uint8Array, before: string | undefined): void {
    this.#remember.run(before ?? null, key)
  }

  /** All rows in key order. */
  *rows(): Generator<ScratchRow> {
    for (const row of this.#database.prepare('SELECT key, json, before, time FROM row ORDER BY key').iterate()) {
      const { key, json, before, time } = row as { key: Uint8Array } & Omit<ScratchRow, 'key'>
      yield { key: Buffer.from(key), json, before, time }
    }
  }

  close(): void {
    this.#database.close()
  }
}
