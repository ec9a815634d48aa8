/**
 * The reads of one turn of the event loop share a read transaction: SQLite's locks, taken and released for each statement,
 * cost as much as a point read.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'

export class ReadTurn {
  readonly #begin: StatementSync
  readonly #commit: StatementSync
  #open = false
  #writing = false

  constructor(database: DatabaseSync) {
    this.#begin = database.prepare('BEGIN')
    this.#commit = database.prepare('COMMIT')
  }

  /** Before a read. The transaction ends with this turn, or when a write begins: whatever is applied is seen at once. */
  begin(): void {
    if (this.#open || this.#writing) return
    this.#begin.run()
    this.#open = true
    setImmediate(() => this.end())
  }

  end(): void {
    if (!this.#open) return
    this.#open = false
    this.#commit.run()
  }

  /** A write transaction begins, or is over: reads within it see what it wrote, and need none of their own. */
  writing(begins: boolean): void {
    this.end()
    this.#writing = begins
  }
}
