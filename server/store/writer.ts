/**
 * The only way to change a partition's state; apply holds it.
 *
 * A commit writes each page that changed to the write-ahead log, whole: a page for nearly every row. So several transactions
 * of apply share one. Readers use the same connection and see what is not committed yet; a crash loses it, and the log has it.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { ChangeWriter } from './changes.ts'
import { ExpiryWriter } from './expiries.ts'
import type { AppliedState, Image } from './rows.ts'
import { TransactionWriter } from './transactions.ts'
import type { ReadTurn } from './turn.ts'

/** Rows, and bytes of them, that are worth a commit. */
const COMMIT_ROWS = 256
const COMMIT_BYTES = 2 * 1024 * 1024

export class StoreWriter {
  readonly transactions: TransactionWriter
  readonly changes: ChangeWriter
  readonly expiries: ExpiryWriter
  readonly #database: DatabaseSync
  readonly #turn: ReadTurn
  /** Of the open transaction: 0 rows when there is none. */
  #rows = 0
  #bytes = 0
  readonly #begin: StatementSync
  readonly #commit: StatementSync
  readonly #put: StatementSync
  readonly #delete: StatementSync
  readonly #putLocal: StatementSync
  readonly #deleteLocal: StatementSync
  readonly #countLocal: StatementSync
  readonly #state: StatementSync
  readonly #consumed: StatementSync
  readonly #document: StatementSync
  readonly #deleteDocument: StatementSync

  constructor(database: DatabaseSync, turn: ReadTurn) {
    this.#database = database
    this.#turn = turn
    this.transactions = new TransactionWriter(database)
    this.changes = new ChangeWriter(database, bytes => {
      this.#bytes += bytes
    })
    this.expiries = new ExpiryWriter(database)
    this.#begin = database.prepare('BEGIN IMMEDIATE')
    this.#commit = database.prepare('COMMIT')
    this.#put = database.prepare('INSERT OR REPLACE INTO item (key, image, size) VALUES (?, ?, ?)')
    this.#delete = database.prepare('DELETE FROM item WHERE key = ?')
    this.#putLocal = database.prepare(
      'INSERT OR REPLACE INTO local_index (number, key, image, size) VALUES (?, ?, ?, ?)',
    )
    this.#deleteLocal = database.prepare('DELETE FROM local_index WHERE number = ? AND key = ?')
    this.#countLocal = database.prepare(
      'INSERT INTO local_statistics VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET items = items + excluded.items, bytes = bytes + excluded.bytes',
    )
    this.#state = database.prepare('UPDATE state SET position = ?, chain = ?, epoch = ?, items = ?, bytes = ?')
    this.#consumed = database.prepare('INSERT OR REPLACE INTO consumed (source, position) VALUES (?, ?)')
    this.#document = database.prepare('INSERT OR REPLACE INTO document (name, value) VALUES (?, ?)')
    this.#deleteDocument = database.prepare('DELETE FROM document WHERE name = ?')
  }

  /**
   * Runs `work`, all of it or, when it throws, nothing: then what was not committed before is gone as well, and the state is
   * that of an earlier entry.
   */
  transaction(work: () => void): void {
    if (this.#rows > COMMIT_ROWS || this.#bytes > COMMIT_BYTES) this.commit()
    if (this.#rows === 0) {
      this.#turn.writing(true)
      this.#begin.run()
      this.#rows = 1
    }
    try {
      work()
    } catch (error) {
      this.#rollBack()
      throw error
    }
  }

  /** Hands all changes to the file system. When it throws, those since the last commit are gone. */
  commit(): void {
    if (this.#rows === 0) return
    try {
      this.#commit.run()
    } catch (error) {
      this.#rollBack()
      throw error
    }
    this.#over()
  }

  #rollBack(): void {
    // Some failures, such as a full disk, have rolled back already.
    if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
    this.#over()
  }

  #over(): void {
    this.#rows = 0
    this.#bytes = 0
    this.#turn.writing(false)
  }

  put(key: Uint8Array, image: Image): void {
    this.#rows += 1
    this.#bytes += image.json.length
    this.#put.run(key, image.json, image.size)
  }

  delete(key: Uint8Array): void {
    this.#rows += 1
    this.#delete.run(key)
  }

  putLocal(index: number, key: Uint8Array, image: Image): void {
    this.#rows += 1
    this.#bytes += image.json.length
    this.#putLocal.run(index, key, image.json, image.size)
  }

  deleteLocal(index: number, key: Uint8Array): void {
    this.#deleteLocal.run(index, key)
  }

  countLocal(index: number, items: number, bytes: number): void {
    this.#countLocal.run(index, items, bytes)
  }

  saveState(state: AppliedState): void {
    this.#state.run(state.position, state.chain, state.epoch, state.items, state.bytes)
  }

  /** The file is of this format from now on. */
  raiseFormat(format: number): void {
    this.#database.exec(`PRAGMA user_version = ${Math.floor(format)}`)
  }

  saveConsumed(source: string, position: number): void {
    this.#consumed.run(source, position)
  }

  /** Unless it is further. */
  raiseConsumed(source: string, position: number): void {
    const further = 'ON CONFLICT DO UPDATE SET position = max(position, excluded.position)'
    this.#database.prepare(`INSERT INTO consumed (source, position) VALUES (?, ?) ${further}`).run(source, position)
  }

  /** Undefined removes the document. */
  saveDocument(name: string, value: unknown): void {
    if (value === undefined) this.#deleteDocument.run(name)
    else this.#document.run(name, JSON.stringify(value))
  }
}
