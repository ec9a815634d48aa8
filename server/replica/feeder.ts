/**
 * Feeds the partitions of global indexes from this partition's log, in its order, exactly once: an index partition stores
 * the position it has taken in with the rows, and a new leader goes on from there (INV-R4). When an index partition is
 * slow or away, rows wait, and then writes do; none is lost.
 */
import { type Clock, sleep } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { PartitionLog, Position } from '../log/log.ts'
import type { PartitionSlice } from '../model/table.ts'
import { decodeEntry, type EntryBody } from '../partition/entry.ts'
import { type FeedItem, type FeedRow, type IndexPartitions, isInSlice } from './feed.ts'

/** A feed holds about this many bytes of rows; entries are never split. */
const FEED_BYTES = 512 * 1024
/** What a row counts for beside its image. */
const ROW_BYTES = 100
const CATCH_UP_BYTES = 1024 * 1024
const RETRY_MS = 100

export type FeederPorts = {
  log: PartitionLog
  indexes: IndexPartitions
  clock: Clock
  logger: Logger
  /** See Store. */
  reads: number
}

/** Entries after `since`, which the partition may lack, are read back from the log up to `start`; later ones are pushed. */
export type Past = { since: Position; start: Position }

type QueuedItem = FeedItem & { bytes: number }

/** One index partition's queue and the loop that empties it. */
export class FeedSender {
  readonly #ports: FeederPorts
  readonly #source: string
  readonly #slice: PartitionSlice
  readonly #rowsOf: (entry: EntryBody) => FeedRow[]
  readonly #since: Position
  readonly #start: Position
  #queue: QueuedItem[] = []
  #queued = 0
  #sent: Position = 0
  #last: Position
  #stopped = false
  #wake: (() => void) | undefined
  #waiting: { position: Position; resolve: () => void }[] = []

  /** `rowsOf`: the rows of an entry that go to this index's partitions, of any slice. */
  constructor(
    ports: FeederPorts,
    source: string,
    slice: PartitionSlice,
    rowsOf: (entry: EntryBody) => FeedRow[],
    { since, start }: Past,
  ) {
    this.#ports = ports
    this.#source = source
    this.#rowsOf = rowsOf
    this.#slice = slice
    this.#since = since
    this.#start = start
    this.#last = start
    void this.#run()
  }

  get partition(): string {
    return this.#slice.id
  }

  overlaps({ from, to }: PartitionSlice): boolean {
    return this.#slice.from < to && from < this.#slice.to
  }

  /** Bytes of the rows that wait. */
  get queued(): number {
    return this.#queued
  }

  /** All rows of entries up to here are durable in the index partition. */
  get acknowledged(): Position {
    return this.#queue.length === 0 && this.#sent >= this.#start ? this.#last : this.#sent
  }

  /** Entries after `acknowledged`. */
  get lag(): number {
    return this.#last - this.acknowledged
  }

  /** The index's rows of the entry at `position`, of any slice. */
  push(position: Position, rows: FeedRow[]): void {
    const mine = rows.filter(row => isInSlice(row, this.#slice))
    if (mine.length > 0) {
      const bytes = mine.reduce((sum, { image }) => sum + (image?.json.length ?? 0) + ROW_BYTES, 0)
      this.#queue.push({ position, rows: mine, bytes })
      this.#queued += bytes
      this.#wake?.()
    }
    this.#last = position
  }

  /** Resolves once `acknowledged` has reached `position`, or this sender is stopped; undefined if it has by now. */
  reached(position: Position): Promise<void> | undefined {
    if (this.#stopped || this.acknowledged >= position) return undefined
    return new Promise(resolve => this.#waiting.push({ position, resolve }))
  }

  stop(): void {
    this.#stopped = true
    this.#wake?.()
    for (const { resolve } of this.#waiting.splice(0)) resolve()
  }

  async #run(): Promise<void> {
    await this.#untilDone(() => this.#catchUp())
    while (!this.#stopped) {
      if (this.#queue.length === 0) await new Promise<void>(resolve => (this.#wake = resolve))
      else await this.#untilDone(() => this.#sendQueue())
    }
  }

  async #catchUp(): Promise<void> {
    const { log, indexes, reads } = this.#ports
    let after = Math.max(this.#since, await indexes.consumed(this.#slice.id, this.#source))
    while (after < this.#start) {
      const entries = await log.read(after, CATCH_UP_BYTES)
      const items = entries
        .filter(({ position }) => position <= this.#start)
        .map(({ position, bytes }) => ({ position, rows: this.#rowsOf(decodeEntry(bytes, reads)) }))
        .map(({ position, rows }) => ({ position, rows: rows.filter(row => isInSlice(row, this.#slice)) }))
      await this.#send(items.filter(item => item.rows.length > 0))
      after = entries.at(-1)?.position ?? this.#start
    }
    this.#sent = Math.max(this.#sent, this.#start)
    this.#tellWaiting()
  }

  async #sendQueue(): Promise<void> {
    let bytes = 0
    let count = 0
    while (count < this.#queue.length && bytes < FEED_BYTES) bytes += this.#queue[count++]!.bytes
    const items = this.#queue.slice(0, count)
    await this.#send(items)
    this.#queue.splice(0, count)
    this.#queued -= bytes
    this.#sent = items.at(-1)!.position
    this.#tellWaiting()
  }

  #tellWaiting(): void {
    const { acknowledged } = this
    const reached = this.#waiting.filter(waiting => waiting.position <= acknowledged)
    this.#waiting = this.#waiting.filter(waiting => waiting.position > acknowledged)
    for (const { resolve } of reached) resolve()
  }

  async #send(items: FeedItem[]): Promise<void> {
    if (items.length === 0) return
    await this.#ports.indexes.feed(
      this.#slice.id,
      this.#source,
      items.at(-1)!.position,
      items.flatMap(item => item.rows),
    )
  }

  /** The other side may not be there yet, or be moving: try until it is, or until stopped. */
  async #untilDone(work: () => Promise<void>): Promise<void> {
    for (let attempt = 1; !this.#stopped; attempt++) {
      try {
        return await work()
      } catch (error) {
        if (attempt % 50 === 0) {
          this.#ports.logger.warn(
            { err: error, index: this.#slice.id },
            'a global index partition cannot be reached; its rows wait',
          )
        }
        await sleep(this.#ports.clock, RETRY_MS)
      }
    }
  }
}
