/**
 * The entries that a replica applied last, as they are in the log: should the log lose them, they are put back from here.
 * Written with what they changed, in the same transaction.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'

/** Kept though the log needs them no more: who has to put back the last ones puts back all behind the log's end. */
const LEAST_KEPT = 16

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
  #last = 0

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
    this.#last = position
    if (this.#bytes > this.#maxBytes) this.#removeOldest()
  }

  /** Whether `trim` would remove anything. */
  needsTrim(upTo: number): boolean {
    return this.#holds(Math.min(upTo, this.#last - LEAST_KEPT))
  }

  /** Within a transaction: the log needs no entries up to here, and all but the last few go. */
  trim(upTo: number): void {
    this.#removeUpTo(Math.min(upTo, this.#last - LEAST_KEPT))
  }

  #holds(upTo: number): boolean {
    const [oldest] = this.#sizes.keys()
    return oldest !== undefined && oldest <= upTo
  }

  #removeUpTo(upTo: number): void {
    if (!this.#holds(upTo)) return
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
    this.#last = 0
    for (const row of this.#list.all()) {
      const { position, size } = row as { position: number; size: number }
      this.#sizes.set(position, size)
      this.#bytes += size
      this.#last = position
    }
  }

  /** At least a quarter, so that it does not happen with every entry; never the last one. */
  #removeOldest(): void {
    let bytes = this.#bytes
    let upTo = 0
    for (const [position, size] of this.#sizes) {
      if (bytes <= this.#maxBytes * 0.75 || position === this.#last) break
      bytes -= size
      upTo = position
    }
    this.#removeUpTo(upTo)
  }
}
