/** The log port on a local disk: all partitions of a process share one sequence of segment files, and so its fsyncs. */
import { type FileHandle, mkdir, open, unlink } from 'node:fs/promises'
import { invariant } from '../../base/invariant.ts'
import type { Logger } from '../../base/logger.ts'
import {
  type LoggedEntry,
  type LogStore,
  LogUnavailable,
  type PartitionLog,
  type Position,
  PositionConflict,
} from '../log.ts'
import { Waiters } from '../waiters.ts'
import type { RecordPlace } from './frame.ts'
import { type Recovered, recoverSegments, segmentPath } from './recovery.ts'
import { GroupWriter, type LogActivity, syncFolder } from './writer.ts'

type Place = { segment: number; offset: number; length: number }

export class LocalLogStore implements LogStore {
  readonly #folder: string
  readonly #logs = new Map<string, LocalLog>()
  /** Per segment, oldest first, how many of its entries are still needed. */
  readonly #usage = new Map<number, number>()
  readonly #writer: GroupWriter
  readonly #logger: Logger
  #bytes = 0
  #deletions = Promise.resolve()

  /** Opens `folder`, made if missing. Errors: OperatorError when it holds a damaged or a newer log. */
  static async open(folder: string, logger: Logger): Promise<LocalLogStore> {
    await mkdir(folder, { recursive: true })
    const store = new LocalLogStore(folder, await recoverSegments(folder, logger), logger)
    await store.#writer.start()
    await syncFolder(folder)
    return store
  }

  private constructor(folder: string, recovered: Recovered, logger: Logger) {
    this.#folder = folder
    this.#logger = logger
    for (const { number, places } of recovered.segments) {
      for (const place of places) this.#placed(this.log(place.partition), number, place)
    }
    const written = (segment: number, place: RecordPlace) =>
      this.#placed(this.#logs.get(place.partition), segment, place)
    this.#writer = new GroupWriter(folder, recovered.lastSequence, recovered.lastNumber, written, logger)
  }

  async open(partition: string, base: Position): Promise<PartitionLog> {
    const log = this.log(partition)
    log.continueAfter(base)
    return log
  }

  async drop(partition: string): Promise<void> {
    const log = this.#logs.get(partition)
    if (!log) return
    log.trim(log.end())
    log.waiters.end(new LogUnavailable('the partition was dropped'))
    this.#logs.delete(partition)
  }

  partitions(): string[] {
    return [...this.#logs.keys()]
  }

  size(): number {
    return this.#bytes
  }

  get activity(): LogActivity {
    return this.#writer.activity
  }

  async close(): Promise<void> {
    await this.#writer.close()
    for (const log of this.#logs.values()) log.waiters.end(new LogUnavailable('the log is closed'))
    await this.#deletions
  }

  /** @internal The partition's log, made if new. */
  log(partition: string): LocalLog {
    let log = this.#logs.get(partition)
    if (!log) this.#logs.set(partition, (log = new LocalLog(partition, this)))
    return log
  }

  /** @internal */
  write(partition: string, position: Position, bytes: Uint8Array): Promise<void> {
    return this.#writer.append({ partition, position, bytes })
  }

  /** @internal A file handle of its own, so that a segment may be deleted while it is read. */
  openSegment(number: number): Promise<FileHandle> {
    return open(segmentPath(this.#folder, number), 'r')
  }

  /** @internal Counts an entry in (1) or out (-1). */
  count(place: Place, step: 1 | -1): void {
    this.#usage.set(place.segment, (this.#usage.get(place.segment) ?? 0) + step)
    this.#bytes += step * place.length
  }

  /**
   * @internal Deletes segments that nobody needs, oldest first and none out of turn: so what a restart finds of a
   * partition is always the end of its log, or nothing.
   */
  deleteUnused(): void {
    for (const [segment, entries] of this.#usage) {
      if (entries > 0 || segment === this.#writer.current) return
      this.#usage.delete(segment)
      this.#delete(segment)
    }
  }

  /** Without a log: its partition was dropped while the entry was on its way, and nobody needs it. */
  #placed(log: LocalLog | undefined, segment: number, { position, offset, length }: RecordPlace): void {
    const place = { segment, offset, length }
    this.count(place, 1)
    if (log) log.placed(position, place)
    else this.count(place, -1)
  }

  #delete(segment: number): void {
    this.#deletions = this.#deletions.then(() => this.#unlink(segment))
  }

  #unlink(segment: number): Promise<void> {
    return unlink(segmentPath(this.#folder, segment)).catch(error => {
      this.#logger.warn({ err: error, segment }, 'a log file that is no longer needed could not be deleted')
    })
  }
}

class LocalLog implements PartitionLog {
  readonly depth = 4
  readonly waiters = new Waiters()
  readonly #partition: string
  readonly #store: LocalLogStore
  /** Places of the entries from `#first` on. */
  #places: Place[] = []
  #first: Position = 1
  /** Position of the last append, durable or on its way. */
  #tail: Position = 0

  constructor(partition: string, store: LocalLogStore) {
    this.#partition = partition
    this.#store = store
  }

  end(): Position {
    return this.#first + this.#places.length - 1
  }

  start(): Position {
    return this.#first
  }

  append(bytes: Uint8Array, expected: Position): Promise<void> {
    if (expected !== this.#tail) {
      return Promise.reject(
        new PositionConflict(`partition ${this.#partition}: expected ${expected}, the log ends at ${this.#tail}`),
      )
    }
    this.#tail += 1
    return this.#store.write(this.#partition, this.#tail, bytes).catch(error => {
      // Whatever was pipelined behind it fails too: the log goes on from what is durable.
      this.#tail = this.end()
      throw error
    })
  }

  async read(after: Position, maxBytes: number): Promise<LoggedEntry[]> {
    const found: LoggedEntry[] = []
    let bytes = 0
    let open: { number: number; file: FileHandle } | undefined
    try {
      for (let position = Math.max(after + 1, this.#first); bytes < maxBytes; position++) {
        const place = this.#places[position - this.#first]
        if (!place) break
        if (open?.number !== place.segment) {
          await open?.file.close()
          open = { number: place.segment, file: await this.#store.openSegment(place.segment) }
        }
        const entry = Buffer.allocUnsafe(place.length)
        const { bytesRead } = await open.file.read(entry, 0, place.length, place.offset)
        invariant(bytesRead === place.length, `entry ${position} of partition ${this.#partition} is cut short`)
        found.push({ position, bytes: entry })
        bytes += place.length
      }
    } finally {
      await open?.file.close()
    }
    return found
  }

  trim(upTo: Position): void {
    const count = Math.min(upTo, this.end()) - this.#first + 1
    if (count <= 0) return
    for (const place of this.#places.splice(0, count)) this.#store.count(place, -1)
    this.#first += count
    this.#store.deleteUnused()
  }

  async refresh(): Promise<void> {}

  resume(end: Position): boolean {
    return end === this.end()
  }

  wait(after: Position, signal?: AbortSignal): Promise<void> {
    return this.waiters.wait(after, this.end(), signal)
  }

  /** See `LogStore.open`. */
  continueAfter(base: Position): void {
    if (this.#places.length > 0 || base < this.#tail) return
    this.#first = base + 1
    this.#tail = base
  }

  /** A record was found at recovery, or has just become durable. */
  placed(position: Position, place: Place): void {
    if (this.#places.length === 0) this.#first = position
    invariant(
      position === this.end() + 1,
      `the log of partition ${this.#partition} jumps from ${this.end()} to ${position}`,
    )
    this.#places.push(place)
    if (position > this.#tail) this.#tail = position
    this.waiters.wake(position)
  }
}
