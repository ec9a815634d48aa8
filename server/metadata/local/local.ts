/**
 * The metadata port in one SQLite file, for a process that is its whole cluster. The file's exclusive lock is what keeps a
 * second process off the data folder; it ends with the process, however that ends. Leases last as long as the process,
 * so their keys are kept in memory only.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { OperatorError } from '../../base/failure.ts'
import type { Random } from '../../base/random.ts'
import {
  type Commit,
  type Lease,
  LeaseLost,
  type Metadata,
  type MetadataChange,
  type MetadataEntry,
} from '../metadata.ts'

const FORMAT = 1

type Watcher = { prefix: string; listener: (changes: MetadataChange[]) => void }

export class LocalMetadata implements Metadata {
  readonly #database: DatabaseSync
  readonly #random: Random
  readonly #entries = new Map<string, MetadataEntry>()
  readonly #leased = new Map<string, Set<string>>()
  readonly #watchers = new Set<Watcher>()
  readonly #put: StatementSync
  readonly #delete: StatementSync
  #version: number

  /** `path` may be `:memory:`. Errors: OperatorError when another process has it open, or a newer Tavola wrote it. */
  constructor(path: string, random: Random) {
    this.#random = random
    this.#database = openDatabase(path)
    this.#put = this.#database.prepare('INSERT OR REPLACE INTO entry (key, value, version) VALUES (?, ?, ?)')
    this.#delete = this.#database.prepare('DELETE FROM entry WHERE key = ?')
    for (const row of this.#database.prepare('SELECT key, value, version FROM entry').all()) {
      const entry = row as MetadataEntry
      this.#entries.set(entry.key, { ...entry })
    }
    const last = this.#database.prepare('SELECT version FROM last').get() as { version: number }
    this.#version = last.version
  }

  async get(key: string): Promise<MetadataEntry | undefined> {
    return this.#entries.get(key)
  }

  async list(prefix: string): Promise<MetadataEntry[]> {
    return this.#list(prefix)
  }

  #list(prefix: string): MetadataEntry[] {
    const found = [...this.#entries.values()].filter(entry => entry.key.startsWith(prefix))
    return found.sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  async commit({ guards, puts = [], deletes = [] }: Commit): Promise<boolean> {
    for (const { lease } of puts)
      if (lease && !this.#leased.has(lease.id)) throw new LeaseLost(`lease ${lease.id} is over`)
    for (const guard of guards) if ((this.#entries.get(guard.key)?.version ?? 0) !== guard.version) return false
    const version = this.#version + 1
    const durable = puts.filter(put => !put.lease)
    const gone = [...deletes, ...puts.filter(put => put.lease).map(put => put.key)].filter(key => this.#isDurable(key))
    if (durable.length > 0 || gone.length > 0) this.#store(durable, gone, version)
    this.#version = version
    const changes: MetadataChange[] = []
    for (const { key, value, lease } of puts) {
      const entry = { key, value, version }
      this.#entries.set(key, entry)
      this.#unbind(key)
      if (lease) this.#leased.get(lease.id)!.add(key)
      changes.push({ key, entry })
    }
    for (const key of deletes) {
      this.#unbind(key)
      if (this.#entries.delete(key)) changes.push({ key, entry: undefined })
    }
    this.#notify(changes)
    return true
  }

  async watch(prefix: string, listener: Watcher['listener']): Promise<() => void> {
    // What is there and what comes after it must leave no gap: no await in between, and the listener may itself commit.
    const watcher = { prefix, listener }
    this.#watchers.add(watcher)
    listener(this.#list(prefix).map(entry => ({ key: entry.key, entry })))
    return () => this.#watchers.delete(watcher)
  }

  async lease(): Promise<Lease> {
    const id = this.#random.uuid()
    const abort = new AbortController()
    this.#leased.set(id, new Set())
    const revoke = async () => {
      abort.abort()
      const keys = [...(this.#leased.get(id) ?? [])]
      this.#leased.delete(id)
      const changes = keys.filter(key => this.#entries.delete(key)).map(key => ({ key, entry: undefined }))
      this.#notify(changes)
    }
    return { id, lost: abort.signal, validUntil: () => (abort.signal.aborted ? 0 : Number.POSITIVE_INFINITY), revoke }
  }

  async close(): Promise<void> {
    this.#watchers.clear()
    this.#database.close()
  }

  #store(puts: { key: string; value: string }[], deletes: string[], version: number): void {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      for (const { key, value } of puts) this.#put.run(key, value, version)
      for (const key of deletes) this.#delete.run(key)
      this.#database.prepare('UPDATE last SET version = ?').run(version)
      this.#database.exec('COMMIT')
    } catch (error) {
      this.#database.exec('ROLLBACK')
      throw error
    }
  }

  #isDurable(key: string): boolean {
    if (!this.#entries.has(key)) return false
    for (const keys of this.#leased.values()) if (keys.has(key)) return false
    return true
  }

  #unbind(key: string): void {
    for (const keys of this.#leased.values()) keys.delete(key)
  }

  #notify(changes: MetadataChange[]): void {
    for (const watcher of this.#watchers) {
      const seen = changes.filter(change => change.key.startsWith(watcher.prefix))
      // Not inside the commit: a listener may commit in its turn.
      if (seen.length > 0) queueMicrotask(() => this.#watchers.has(watcher) && watcher.listener(seen))
    }
  }
}

function openDatabase(path: string): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path)
    prepareFile(database, path)
    return database
  } catch (error) {
    database?.close()
    if (error instanceof OperatorError) throw error
    if (/locked|busy/i.test((error as Error).message))
      throw new OperatorError(`${path} is in use: another Tavola process is running on this data folder.`)
    throw new OperatorError(`${path} cannot be opened: ${(error as Error).message}.`)
  }
}

function prepareFile(database: DatabaseSync, path: string): void {
  database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  database.exec('BEGIN EXCLUSIVE; COMMIT')
  const { user_version: format } = database.prepare('PRAGMA user_version').get() as { user_version: number }
  if (format > FORMAT)
    throw new OperatorError(`${path} was written by a newer Tavola (format ${format}, this one reads up to ${FORMAT}).`)
  database.exec(`
    CREATE TABLE IF NOT EXISTS entry (key TEXT PRIMARY KEY, value TEXT NOT NULL, version INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS last (version INTEGER NOT NULL);
    INSERT INTO last SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM last);
    PRAGMA user_version = ${FORMAT}`)
}
