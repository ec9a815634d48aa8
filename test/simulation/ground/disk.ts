/**
 * A node's disk: real SQLite files, in memory (/dev/shm). What is modelled: the end of a process keeps what was handed to the file
 * system and loses what was not committed; a power cut keeps what was synced and, of the write-ahead log written since, any
 * beginning, torn where it ends, maybe with a bit of it turned. A full disk refuses commits, checkpoints and whole files.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { FileSystem } from '../../../server/base/filesystem.ts'
import type { Checkpointer, CheckpointMode } from '../../../server/store/checkpointer.ts'
import { type OpenStore, Store } from '../../../server/store/store.ts'
import type { Random } from '../../campaigns/random.ts'
import type { Process } from './process.ts'

const WAL_HEADER = 32
/** How long a checkpoint or a copy takes, in milliseconds. */
const WORK_MS = 5

type OpenFile = {
  store: Store
  /** Makes its checkpoints, as the thread's connection does. */
  beside: DatabaseSync | undefined
  /** So much of the write-ahead log is durable, if it still begins with `salt`. */
  synced: number
  salt: string
}

export type DiskFate = 'end of the process' | 'power cut' | 'power cut, a bit turned'

const full = () => new Error('database or disk is full')

export class NodeDisk {
  readonly folder: string
  isFull = false
  #working = 0
  readonly #choices: Random
  readonly #open = new Map<string, OpenFile>()

  constructor(folder: string, choices: Random) {
    this.folder = folder
    this.#choices = choices
    mkdirSync(folder, { recursive: true })
  }

  readonly openStore: OpenStore = (path, partition, tailBytes) => {
    const store = new Store(path, partition, tailBytes)
    this.#open.set(path, { store, beside: undefined, synced: 0, salt: '' })
    this.#guard(path, store)
    return store
  }

  /** Whether a checkpoint or a copy is being made. */
  get isWorking(): boolean {
    return this.#working > 0
  }

  /** Whether a transaction holds items in one of the open files. */
  holdsPrepared(): boolean {
    return [...this.#open.values()].some(({ store }) => [...store.transactions.prepared()].length > 0)
  }

  /** As the process ends, or the power goes. */
  crash(fate: DiskFate): void {
    for (const [path, file] of this.#open) {
      const [database, wal] = [readFileSync(path), existsSync(`${path}-wal`) ? readFileSync(`${path}-wal`) : undefined]
      // What SQLite writes as it closes has never been written.
      const full = this.isFull
      this.isFull = false
      file.store.close()
      this.isFull = full
      writeFileSync(path, database)
      rmSync(`${path}-shm`, { force: true })
      if (wal) writeFileSync(`${path}-wal`, fate === 'end of the process' ? wal : this.#torn(wal, file, fate))
    }
    this.#open.clear()
    this.#working = 0
  }

  /** The whole disk is another one. */
  lose(): void {
    rmSync(this.folder, { recursive: true, force: true })
    mkdirSync(this.folder, { recursive: true })
  }

  /** What one process has of the disk. */
  checkpointer({ clock }: Process): Checkpointer {
    const work = <T>(task: () => T) =>
      new Promise<T>((resolve, reject) => {
        this.#working += 1
        clock.after(WORK_MS * this.#choices.next(), () => {
          this.#working -= 1
          try {
            if (this.isFull) throw full()
            resolve(task())
          } catch (error) {
            reject(error)
          }
        })
      })
    return {
      checkpoint: (path, mode) => work(() => this.#checkpoint(path, mode)),
      copy: (path, to) => work(() => withDatabase(path, database => void database.prepare('VACUUM INTO ?').run(to))),
      flush: path => work(() => this.#synced(path)),
      close: async () => {},
    }
  }

  readonly files: FileSystem = {
    exists: existsSync,
    list: async folder => readdirSync(folder).sort(),
    remove: async path => rmSync(path, { force: true }),
    rename: async (from, to) => renameSync(from, to),
    read,
    write: async (path, chunks) => {
      const all: Uint8Array[] = []
      for await (const chunk of chunks) all.push(chunk)
      if (this.isFull) throw full()
      writeFileSync(path, Buffer.concat(all))
    },
  }

  #checkpoint(path: string, mode: CheckpointMode): boolean {
    const file = this.#open.get(path)
    if (!file) throw new Error(`${path} is not open`)
    // Ends the reading of this turn.
    file.store.unsaved()
    file.beside ??= new DatabaseSync(path, { timeout: 0 })
    const made = file.beside.prepare(`PRAGMA wal_checkpoint(${mode})`).get() as Record<string, number>
    this.#synced(path)
    return made.busy === 0 && made.log === made.checkpointed
  }

  #synced(path: string): void {
    const file = this.#open.get(path)
    if (!file || !existsSync(`${path}-wal`)) return
    file.synced = statSync(`${path}-wal`).size
    file.salt = file.synced === 0 ? '' : saltOf(readFileSync(`${path}-wal`))
  }

  #torn(wal: Buffer, { synced, salt }: OpenFile, fate: DiskFate): Buffer {
    const safe = salt === saltOf(wal) ? Math.min(synced, wal.length) : Math.min(WAL_HEADER, wal.length)
    const rest = wal.subarray(0, this.#choices.between(safe, wal.length))
    if (fate === 'power cut, a bit turned' && rest.length > safe) {
      const place = this.#choices.between(safe, rest.length - 1)
      rest[place] = rest[place]! ^ (1 << this.#choices.below(8))
    }
    return rest
  }

  /** What SQLite says when the disk is full comes from within its transaction. */
  #guard(path: string, store: Store): void {
    const { writer } = store
    const { transaction, commit } = writer
    const { close } = store
    let isUnderWay = false
    const refuse = () => {
      isUnderWay = false
      throw full()
    }
    writer.transaction = work => {
      isUnderWay = true
      transaction.call(writer, this.isFull ? refuse : work)
    }
    writer.commit = () => {
      if (this.isFull && isUnderWay) transaction.call(writer, refuse)
      commit.call(writer)
      isUnderWay = false
    }
    store.close = () => {
      const { beside } = this.#open.get(path) ?? {}
      this.#open.delete(path)
      beside?.close()
      close.call(store)
    }
  }
}

async function* read(path: string, chunkBytes: number): AsyncIterable<Uint8Array> {
  const bytes = readFileSync(path)
  for (let from = 0; from < bytes.length; from += chunkBytes) yield bytes.subarray(from, from + chunkBytes)
}

/** As the checkpointer's thread. */
function withDatabase<T>(path: string, work: (database: DatabaseSync) => T): T {
  if (!existsSync(path)) throw new Error(`${path} is not there any more`)
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    return work(database)
  } finally {
    database.close()
  }
}

function saltOf(wal: Buffer): string {
  return wal.subarray(16, 24).toString('hex')
}
