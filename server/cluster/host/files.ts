/** A storage node's partition files, and the marks in the metadata that tell a lost one from a new one. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { type FileSystem, systemFiles } from '../../base/filesystem.ts'
import type { Metadata } from '../../metadata/metadata.ts'
import { FORMAT } from '../../store/format.ts'
import { deleteStore, storeFiles } from '../../store/store.ts'
import { MADE, madeKey } from '../records.ts'

/** What is being received, beside the file whose place it will take. */
const INCOMING = '.incoming'
/** What was replaced, for a person to look at: it had stopped. */
const ASIDE = '.stopped'
/** What is being sent. */
const OUTGOING = '.outgoing'

export class Files {
  readonly fileSystem: FileSystem
  /** The latest format of files that this node reads. */
  readonly reads: number
  readonly #folder: string | undefined
  readonly #metadata: Metadata
  readonly #node: string
  #copies = 0

  /** `folder`: undefined keeps them in memory. */
  constructor(
    folder: string | undefined,
    metadata: Metadata,
    node: string,
    fileSystem: FileSystem = systemFiles,
    reads = FORMAT,
  ) {
    this.reads = reads
    this.fileSystem = fileSystem
    this.#folder = folder
    this.#metadata = metadata
    this.#node = node
  }

  path(partition: string): string {
    return this.#folder === undefined ? ':memory:' : join(this.#folder, `${partition}.db`)
  }

  /** Where the partition's file may be received; undefined if files are kept in memory. */
  incoming(partition: string): string | undefined {
    return this.#folder === undefined ? undefined : this.path(partition) + INCOMING
  }

  /** Where the partition's file is kept when another one takes its place. */
  aside(partition: string): string {
    return this.path(partition) + ASIDE
  }

  /** Where a copy of the partition's file may be made, to be sent; never the same twice. */
  outgoing(partition: string): string {
    return `${this.path(partition)}.${++this.#copies}${OUTGOING}`
  }

  /** Bytes of the partition's file, and of one that is being received in its place; 0 for files in memory. */
  sizes(partition: string): { bytes: number; received: number } {
    const size = (path: string | undefined) =>
      path === undefined ? 0 : (statSync(path, { throwIfNoEntry: false })?.size ?? 0)
    return { bytes: size(this.path(partition)), received: size(this.incoming(partition)) }
  }

  /** The partition's file, which is closed, is not to be here any more. One of gigabytes takes the file system a while. */
  async #remove(partition: string): Promise<void> {
    if (this.#folder === undefined) return
    for (const file of storeFiles(this.path(partition))) await this.fileSystem.remove(file)
  }

  /** Whether there is no file of the partition, though there might be one. */
  isAbsent(partition: string): boolean {
    return this.#folder !== undefined && !this.fileSystem.exists(this.path(partition))
  }

  /** Whether the partition's file is lost: it was made here, and is not there. */
  async isMissing(partition: string): Promise<boolean> {
    return this.isAbsent(partition) && (await this.#isMade(partition))
  }

  /** Remembers that the partition's file was made. */
  async mark(partition: string): Promise<void> {
    if (this.#folder === undefined || (await this.#isMade(partition))) return
    await this.#metadata.commit({ guards: [], puts: [{ key: madeKey(partition, this.#node), value: '{}' }] })
  }

  /** The partition's file, which is closed, goes, and so do its marks. */
  async unmark(partition: string): Promise<void> {
    await this.#remove(partition)
    await this.#metadata.commit({ guards: [], deletes: [madeKey(partition), madeKey(partition, this.#node)] })
  }

  /** Removes files and marks of partitions that this node has no more, and what was being sent or received. `known`: those it has. */
  async removeStrays(known: Set<string>): Promise<void> {
    const marks = (await this.#metadata.list(MADE)).map(({ key }) => key).filter(key => this.#isStray(key, known))
    if (marks.length > 0) await this.#metadata.commit({ guards: [], deletes: marks })
    if (this.#folder === undefined) return
    for (const file of await this.fileSystem.list(this.#folder)) {
      const path = join(this.#folder, file)
      const partition = /^([0-9a-f-]{36})\.db(?:\.stopped)?$/.exec(file)?.[1]
      if (partition && !known.has(partition)) deleteStore(path)
      if (file.endsWith(INCOMING) || file.endsWith(OUTGOING)) await this.fileSystem.remove(path)
    }
  }

  async #isMade(partition: string): Promise<boolean> {
    const own = await this.#metadata.get(madeKey(partition, this.#node))
    return (own ?? (await this.#metadata.get(madeKey(partition)))) !== undefined
  }

  #isStray(key: string, known: Set<string>): boolean {
    const [partition, node = this.#node] = key.slice(MADE.length).split('/')
    return node === this.#node && !known.has(partition!)
  }
}
