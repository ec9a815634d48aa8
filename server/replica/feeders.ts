/** The feed senders of a leader: one for every partition of every global index. */
import type { Position } from '../log/log.ts'
import type { PartitionSlice } from '../model/table.ts'
import type { EntryBody } from '../partition/entry.ts'
import type { PartitionSchema } from '../partition/schema.ts'
import { rowsOfEntry } from './feed.ts'
import { type FeederPorts, FeedSender, type Past } from './feeder.ts'

/** More bytes of rows than this waiting for one index partition make writes wait. */
const MAX_QUEUED_BYTES = 32 * 1024 * 1024

export class Feeders {
  readonly #ports: FeederPorts
  readonly #source: string
  /** By index id. */
  readonly #senders = new Map<string, FeedSender[]>()
  #handing: string | undefined

  constructor(ports: FeederPorts, source: string) {
    this.#ports = ports
    this.#source = source
  }

  /**
   * Starts senders for the partitions of the schema's global indexes and stops those of partitions that are gone. `position`: the last
   * entry applied. `isNew`: it is the schema's own.
   */
  follow(schema: PartitionSchema, position: Position, isNew: boolean): void {
    this.#handing = schema.handing
    for (const [index, slices] of Object.entries(schema.routes)) {
      const known = this.#senders.get(index) ?? []
      const begin = (slice: PartitionSlice) =>
        this.#sender(index, slice, { since: isNew ? sinceOf(slice, known, position) : 0, start: position })
      const senders = slices.map(slice => known.find(sender => sender.partition === slice.id) ?? begin(slice))
      // Others have taken over from those that are not there any more.
      for (const sender of known) if (!senders.includes(sender)) sender.stop()
      this.#senders.set(index, senders)
    }
    for (const [index, senders] of this.#senders) {
      if (Object.hasOwn(schema.routes, index)) continue
      for (const sender of senders) sender.stop()
      this.#senders.delete(index)
    }
  }

  /** Every entry is pushed, in order. */
  push(position: Position, entry: EntryBody): void {
    if (this.#senders.size === 0) return
    const rows = rowsOfEntry(entry, this.#handing)
    for (const [index, senders] of this.#senders) {
      for (const sender of senders) sender.push(position, rows.get(index) ?? [])
    }
  }

  /** Whether writes may go on. */
  hasRoom(): boolean {
    return this.#all().every(sender => sender.queued < MAX_QUEUED_BYTES)
  }

  /** Every row of the entries up to here is durable in its index partition. */
  acknowledged(index?: string): Position {
    const senders = index === undefined ? this.#all() : (this.#senders.get(index) ?? [])
    return Math.min(Number.MAX_SAFE_INTEGER, ...senders.map(sender => sender.acknowledged))
  }

  /** How many entries the furthest behind of the index's partitions has yet to take in. */
  lag(index: string): number {
    return Math.max(0, ...(this.#senders.get(index) ?? []).map(sender => sender.lag))
  }

  /** Resolves once the index's partitions have all rows of entries up to `position`; undefined if they have by now. */
  reached(index: string, position: Position): Promise<unknown> | undefined {
    const waits = (this.#senders.get(index) ?? []).flatMap(sender => sender.reached(position) ?? [])
    return waits.length > 0 ? Promise.all(waits) : undefined
  }

  /** Resolves once all partitions that are fed have all rows of entries up to `position`, or when stopped. */
  async reachedAll(position: Position): Promise<void> {
    await Promise.all([...this.#senders.keys()].map(index => this.reached(index, position)))
  }

  stop(): void {
    for (const sender of this.#all()) sender.stop()
    this.#senders.clear()
  }

  #sender(index: string, slice: PartitionSlice, past: Past): FeedSender {
    const rowsOf = (entry: EntryBody) => rowsOfEntry(entry, this.#handing).get(index) ?? []
    return new FeedSender(this.#ports, this.#source, slice, rowsOf, past)
  }

  #all(): FeedSender[] {
    return [...this.#senders.values()].flat()
  }
}

/**
 * Nothing before goes there: an index that has just come has none of it, and partitions that take over have what those before them
 * had. To read the log anew for each of many is long work.
 */
function sinceOf(slice: PartitionSlice, known: FeedSender[], position: Position): Position {
  const before = known.filter(sender => sender.overlaps(slice))
  return Math.min(position, ...before.map(({ acknowledged }) => acknowledged))
}
