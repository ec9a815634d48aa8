/**
 * A partition's state: one SQLite file, a cache of its log. Commits are not synced; after a crash the log is replayed from
 * the position the file holds, which moves in the same transaction as the rows. A checkpoint (see checkpointer.ts) makes
 * the file durable up to a position, so that the log may be trimmed.
 *
 * Two types, so that who may write is seen in a signature: a `StoreReader` is handed out freely, the `StoreWriter` belongs
 * to apply.
 */
import { rmSync, statSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { OperatorError } from '../base/failure.ts'
import { CHANGE_TABLES, CHANGED_ENTRY_TABLE, ChangeReader } from './changes.ts'
import { DigestReader } from './digests.ts'
import { EXPIRY_TABLES, ExpiryReader } from './expiries.ts'
import { isDiskFailure } from './failure.ts'
import { checkFormat, FIRST_FORMAT, FORMAT } from './format.ts'
import { StoreReader } from './reader.ts'
import { Tail } from './tail.ts'
import { TRANSACTION_TABLES, TransactionReader } from './transactions.ts'
import { ReadTurn } from './turn.ts'
import { StoreWriter } from './writer.ts'

/** Measured: with 8 KB pages 1 KB items take a third of the space and half the time of 4 KB ones. */
const PAGE_SIZE = 8192

/** Of a file, read through the system's page cache without a call: half the time of a read (docs/performance.md). */
const MAPPED_BYTES = 1024 * 1024 * 1024

/** Of all files together, in SQLite's own caches: what is not checkpointed yet. */
const CACHED_BYTES = 256 * 1024 * 1024

export class Store {
  /** File name, or `:memory:`. */
  readonly path: string
  /** The latest format that may be read here. */
  readonly reads: number
  readonly reader: StoreReader
  readonly transactions: TransactionReader
  readonly changes: ChangeReader
  readonly expiries: ExpiryReader
  readonly digests: DigestReader
  readonly writer: StoreWriter
  /** Undefined if this store keeps none. */
  readonly tail: Tail | undefined
  readonly #database: DatabaseSync
  readonly #turn: ReadTurn
  readonly #unsaved: StatementSync

  /**
   * Opens or makes the file of `partition`. `tailBytes`: of the entries applied last, so much is kept; 0 for none.
   * Errors: OperatorError when it is another's, damaged, or, as Newer, of a format after `reads`; those of the disk.
   */
  constructor(path: string, partition: string, tailBytes = 0, reads = FORMAT) {
    this.path = path
    this.reads = reads
    this.#database = open(path, partition, reads)
    this.#turn = new ReadTurn(this.#database)
    this.#unsaved = this.#database.prepare('PRAGMA wal_checkpoint(NOOP)')
    this.reader = new StoreReader(this.#database, this.#turn)
    this.transactions = new TransactionReader(this.#database)
    this.changes = new ChangeReader(this.#database)
    this.expiries = new ExpiryReader(this.#database)
    this.digests = new DigestReader(this.#database, this.#turn)
    this.writer = new StoreWriter(this.#database, this.#turn)
    this.tail = tailBytes > 0 ? new Tail(this.#database, tailBytes) : undefined
  }

  /** Bytes in the write-ahead log, and how many of them are not copied to the file yet; after a commit. */
  unsaved(): { bytes: number; uncopied: number } {
    this.#turn.end()
    const { log, checkpointed } = this.#unsaved.get() as { log: number; checkpointed: number }
    const uncopied = (log - checkpointed) * PAGE_SIZE
    return { bytes: uncopied === 0 ? 0 : log * PAGE_SIZE, uncopied }
  }

  /** Bytes that the write-ahead log takes on the disk, in use or to be used again. */
  spareBytes(): number {
    return statSync(`${this.path}-wal`, { throwIfNoEntry: false })?.size ?? 0
  }

  /** Closes the file; all of it is durable then, unless the disk is full: then the log has more. */
  close(): void {
    try {
      this.writer.commit()
    } finally {
      this.#turn.end()
      this.#database.close()
    }
  }

  /** Closes the file, which is to be removed: nothing waits for the disk. */
  discard(): void {
    try {
      this.writer.commit()
      this.#turn.end()
      this.#database.exec('PRAGMA synchronous = OFF')
    } finally {
      this.close()
    }
  }
}

/** Opens or makes the file of a partition; see `Store`. */
export type OpenStore = (path: string, partition: string, tailBytes: number) => Store

export const openStore: OpenStore = (path, partition, tailBytes) => new Store(path, partition, tailBytes)

/** The files of a store, open or not; some may not be there. */
export function storeFiles(path: string): string[] {
  return ['', '-wal', '-shm'].map(suffix => path + suffix)
}

/** Removes a closed store's files. */
export function deleteStore(path: string): void {
  for (const file of storeFiles(path)) rmSync(file, { force: true })
}

function open(path: string, partition: string, reads: number): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 5000 })
  try {
    prepareFile(database, path, partition, reads)
    return database
  } catch (error) {
    database.close()
    if (error instanceof OperatorError || isDiskFailure(error)) throw error
    throw new OperatorError(`The partition file ${path} cannot be read: ${(error as Error).message}.`, { cause: error })
  }
}

function prepareFile(database: DatabaseSync, path: string, partition: string, reads: number): void {
  const { user_version: format } = database.prepare('PRAGMA user_version').get() as { user_version: number }
  checkFormat(`The partition file ${path} is`, format, reads)
  database.exec(`PRAGMA page_size = ${PAGE_SIZE}; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0`)
  // NORMAL syncs no commit, only the head of a write-ahead log that is begun anew: else a power cut could leave the old head
  // before some of the old frames, and these would hide newer rows of the file.
  database.exec('PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY')
  // A read never writes: pages of an open transaction stay in memory until its commit.
  database.exec('PRAGMA cache_spill = OFF')
  database.exec(`PRAGMA mmap_size = ${MAPPED_BYTES}; PRAGMA soft_heap_limit = ${CACHED_BYTES}`)
  if (format === 0) create(database, partition)
  else if (format < FIRST_FORMAT) upgrade(database, format)
  const owner = database.prepare('SELECT partition FROM state').get() as { partition: string }
  if (owner.partition !== partition) {
    throw new OperatorError(`${path} belongs to partition ${owner.partition}, not to ${partition}.`)
  }
}

function create(database: DatabaseSync, partition: string): void {
  database.exec(`
    BEGIN IMMEDIATE;
    CREATE TABLE item (key BLOB PRIMARY KEY, image TEXT NOT NULL, size INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE local_index (number INTEGER NOT NULL, key BLOB NOT NULL, image TEXT NOT NULL, size INTEGER NOT NULL,
      PRIMARY KEY (number, key)) WITHOUT ROWID;
    CREATE TABLE local_statistics (number INTEGER PRIMARY KEY, items INTEGER NOT NULL, bytes INTEGER NOT NULL);
    CREATE TABLE consumed (source TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE document (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE state (partition TEXT NOT NULL, position INTEGER NOT NULL, chain TEXT NOT NULL, epoch INTEGER NOT NULL,
      items INTEGER NOT NULL, bytes INTEGER NOT NULL);
    ${tablesSince(1)}`)
  database.prepare("INSERT INTO state VALUES (?, 0, '', 0, 0, 0)").run(partition)
  database.exec(`PRAGMA user_version = ${FIRST_FORMAT}; COMMIT`)
}

function upgrade(database: DatabaseSync, format: number): void {
  database.exec(`BEGIN IMMEDIATE; ${tablesSince(format)} PRAGMA user_version = ${FIRST_FORMAT}; COMMIT`)
}

/** What a file of the format lacks. */
function tablesSince(format: number): string {
  const added = ['', TRANSACTION_TABLES, CHANGE_TABLES + EXPIRY_TABLES, CHANGED_ENTRY_TABLE]
  return added.slice(format).join('')
}
