/**
 * The object store port on a folder: a file per object, written in a folder for what is unfinished, synced and then moved to its
 * place. So a folder of objects never holds anything else: people read them with tools of their own.
 */
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Random } from '../base/random.ts'
import {
  type Buckets,
  byName,
  isPlainName,
  NameRefused,
  type ObjectEntry,
  ObjectMissing,
  type ObjectStore,
} from './objects.ts'

/** The folder, below the root, of files that are still written, or whose writer died. */
const UNFINISHED = '.unfinished'
/** No writer takes this long for a file. */
const UNFINISHED_MS = 24 * 60 * 60_000

export class FolderObjectStore implements ObjectStore {
  readonly #root: string
  readonly #random: Random
  #isCleaned = false

  constructor(root: string, random: Random) {
    this.#root = root
    this.#random = random
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    const path = this.#path(name)
    const folder = dirname(path)
    await makeFolder(folder)
    await mkdir(join(this.#root, UNFINISHED), { recursive: true })
    const unfinished = join(this.#root, UNFINISHED, this.#random.uuid())
    try {
      await writeSynced(unfinished, bytes)
      await this.#clean(unfinished)
      await rename(unfinished, path)
    } catch (error) {
      await rm(unfinished, { force: true })
      throw error
    }
    await syncFolder(folder)
  }

  async *get(name: string): AsyncGenerator<Uint8Array> {
    try {
      yield* createReadStream(this.#path(name), { highWaterMark: 256 * 1024 })
    } catch (error) {
      throw isMissing(error) ? new ObjectMissing(`there is no object ${name}`) : error
    }
  }

  async *list(prefix: string): AsyncGenerator<ObjectEntry> {
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1)
    if (folder !== '' && !isPlainName(folder.slice(0, -1))) return
    const names = await this.#filesIn(folder)
    const entries: ObjectEntry[] = []
    for (const name of names) {
      if (!name.startsWith(prefix)) continue
      // Deleted since, if it is not there.
      const found = await stat(join(this.#root, name)).catch(() => undefined)
      if (found) entries.push({ name, size: found.size })
    }
    yield* entries.sort(byName)
  }

  async delete(name: string): Promise<void> {
    await rm(this.#path(name), { force: true })
  }

  /** Removes what writers left that died long ago. `recent`: a file of now, by the clock of whoever keeps the files. */
  async #clean(recent: string): Promise<void> {
    if (this.#isCleaned) return
    this.#isCleaned = true
    const { mtimeMs: now } = await stat(recent)
    for (const name of await readdir(dirname(recent))) {
      const path = join(dirname(recent), name)
      const found = await stat(path).catch(() => undefined)
      if (found && found.mtimeMs < now - UNFINISHED_MS) await rm(path, { force: true })
    }
  }

  #path(name: string): string {
    if (!isPlainName(name) || isUnfinished(name))
      throw new NameRefused(`${JSON.stringify(name)} cannot be the name of a file`)
    return join(this.#root, name)
  }

  /** Names of all files below `folder`, which is empty or ends in a slash. */
  async #filesIn(folder: string): Promise<string[]> {
    const options = { recursive: true, withFileTypes: true } as const
    const found = await readdir(join(this.#root, folder), options).catch(error => {
      if (isMissing(error)) return []
      throw error
    })
    const files = found.filter(file => file.isFile())
    const names = files.map(file => join(file.parentPath, file.name).slice(join(this.#root, '/').length))
    return names.filter(name => !isUnfinished(name))
  }
}

/** Buckets are folders below `root`, made by whoever wants one. */
export class FolderBuckets implements Buckets {
  readonly #root: string
  readonly #random: Random

  constructor(root: string, random: Random) {
    this.#root = root
    this.#random = random
  }

  async open(bucket: string): Promise<ObjectStore | undefined> {
    if (!isPlainName(bucket) || basename(bucket) !== bucket) return undefined
    const path = join(this.#root, bucket)
    const found = await stat(path).catch(() => undefined)
    return found?.isDirectory() ? new FolderObjectStore(path, this.#random) : undefined
  }
}

function isUnfinished(name: string): boolean {
  return name === UNFINISHED || name.startsWith(`${UNFINISHED}/`)
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx')
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** A folder that is new is durable only when the one it is in is synced. */
async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true })
  if (first === undefined) return
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made))
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR'
}
