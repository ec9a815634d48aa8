/**
 * The entries that a replica applied last, as they are in the log: should the log lose them, they are put back from here.
 * Written with what they changed, in the same transaction.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'

type KeptEntry = { position: number; bytes: Uint8Array }

export class Tail {
  readonly #maxBytes: number
  readonly #add: StatementSync
  readonly #remove: StatementSync
  readonly #read: StatementSync
  readonly #list: StatementSync
  /** Sizes by position, the oldest first. */
  readonly #sizes = new Map<number, number>()
  #bytes = 0

  constructor(database: DatabaseSync, maxBytes: number) {
    database.exec('CREATE TABLE IF NOT EXISTS tail (position INTEGER PRIMARY KEY, bytes BLOB NOT NULL)')
    this.#maxBytes = maxBytes
    this.#add = database.prepare('INSERT INTO tail VALUES (?, ?)')
    this.#remove = database.prepare('DELETE FROM tail WHERE position <= ?')
    this.#read = database.prepare('SELECT position, bytes FROM tail WHERE position > ? ORDER BY position LIMIT 1')
    this.#list = database.prepare('SELECT position, length(bytes) AS size FROM tail ORDER BY position')
    this.reload()
  }

  /** Within the transaction that applies the entry. */
  add(position: number, bytes: Uint8Array): void {
    this.#add.run(position, bytes)
    this.#sizes.set(position, bytes.length)
    this.#bytes += bytes.length
    if (this.#bytes > this.#maxBytes) this.#removeOldest()
  }

  /** Whether `trim` would remove anything. */
  needsTrim(upTo: number): boolean {
    const [oldest] = this.#sizes.keys()
    return oldest !== undefined && oldest <= upTo
  }

  /** Within a transaction: entries up to here can't be lost any more. */
  trim(upTo: number): void {
    if (!this.needsTrim(upTo)) return
    for (const [position, size] of this.#sizes) {
      if (position > upTo) break
      this.#sizes.delete(position)
      this.#bytes -= size
    }
    this.#remove.run(upTo)
  }

  /** Entries after `after`, oldest first, about `maxBytes` of them and at least one, if there is one. */
  read(after: number, maxBytes: number): KeptEntry[] {
    const found: KeptEntry[] = []
    for (let bytes = 0, last = after; bytes < maxBytes; ) {
      const entry = this.#read.get(last) as KeptEntry | undefined
      if (!entry) break
      found.push({ ...entry })
      bytes += entry.bytes.length
      last = entry.position
    }
    return found
  }

  /** A transaction was rolled back: what the file holds is what counts. */
  reload(): void {
    this.#sizes.clear()
    this.#bytes = 0
    for (const row of this.#list.all()) {
      const { position, size } = row as { position: number; size: number }
      this.#sizes.set(position, size)
      this.#bytes += size
    }
  }

  /** At least a quarter, so that it does not happen with every entry; never the last one. */
  #removeOldest(): void {
    let bytes = this.#bytes
    let upTo = 0
    const last = [...this.#sizes.keys()].at(-1)
    for (const [position, size] of this.#sizes) {
      if (bytes <= this.#maxBytes * 0.75 || position === last) break
      bytes -= size
      upTo = position
    }
    this.trim(upTo)
  }
}
