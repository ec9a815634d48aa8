/** The only way to change a partition's state; apply holds it. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { ChangeWriter } from './changes.ts'
import { ExpiryWriter } from './expiries.ts'
import type { AppliedState, Image } from './rows.ts'
import { TransactionWriter } from './transactions.ts'
import type { ReadTurn } from './turn.ts'

export class StoreWriter {
  readonly transactions: TransactionWriter
  readonly changes: ChangeWriter
  readonly expiries: ExpiryWriter
  readonly #database: DatabaseSync
  readonly #turn: ReadTurn
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
    this.changes = new ChangeWriter(database)
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

  /** Runs `work` in one transaction: all of it, or, when it throws, nothing. */
  transaction(work: () => void): void {
    this.#turn.write(() => {
      this.#begin.run()
      try {
        work()
        this.#commit.run()
      } catch (error) {
        // Some failures, such as a full disk, have rolled back already.
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
        throw error
      }
    })
  }

  put(key: Uint8Array, image: Image): void {
    this.#put.run(key, image.json, image.size)
  }

  delete(key: Uint8Array): void {
    this.#delete.run(key)
  }

  putLocal(index: number, key: Uint8Array, image: Image): void {
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

  saveConsumed(source: string, position: number): void {
    this.#consumed.run(source, position)
  }

  /** Undefined removes the document. */
  saveDocument(name: string, value: unknown): void {
    if (value === undefined) this.#deleteDocument.run(name)
    else this.#document.run(name, JSON.stringify(value))
  }
}
