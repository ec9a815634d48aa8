/** Items by key: the `Items` of cluster.ts. A key's hash names its partition; ranges visit theirs one after the other. */
import { type Clock, sleep } from '../base/clock.ts'
import { hashOfRow } from '../codec/key.ts'
import type { PartitionSlice, TableRecord } from '../model/table.ts'
import type { RangeRequest, WriteCommand, WriteOutcome } from '../partition/command.ts'
import type { Image, Page } from '../store/rows.ts'
import type { Items, RangePage, RangeTarget, Tables } from './cluster.ts'
import { Hedge } from './hedge.ts'
import type { Leaders, PartitionReader } from './leaders.ts'
import { indexOf, Routes, sliceOf } from './routes.ts'

const LAST_HASH = 2 ** 32 - 1

export class Router implements Items {
  readonly #leaders: Leaders
  readonly #routes: Routes
  readonly #clock: Clock
  readonly #hedge: Hedge
  readonly #indexWaitMs: number

  /**
   * `indexWaitMs`: how long a read of a global index may wait for writes that were applied before it began. Within one
   * process the wait is a millisecond or two, and programs see their own writes; 0 asks nobody.
   */
  constructor(tables: Pick<Tables, 'find'>, leaders: Leaders, clock: Clock, indexWaitMs: number) {
    this.#leaders = leaders
    this.#routes = new Routes(tables, leaders, clock)
    this.#clock = clock
    this.#hedge = new Hedge(clock)
    this.#indexWaitMs = indexWaitMs
  }

  get(table: TableRecord, key: Buffer, consistent: boolean): Promise<Image | undefined> {
    if (!consistent) return this.#getAnywhere(table, key)
    return this.#routes.askOf(key, table, leader => leader.get(key))
  }

  write(table: TableRecord, command: WriteCommand): Promise<WriteOutcome> {
    return this.#routes.askOf(command.key, table, leader => leader.write(command))
  }

  range(table: TableRecord, target: RangeTarget, request: RangePage, consistent: boolean): Promise<Page> {
    return this.#routes.asked(table, current =>
      this.#range(current, latestTarget(current, target), request, consistent),
    )
  }

  async #range(table: TableRecord, target: RangeTarget, request: RangePage, consistent: boolean): Promise<Page> {
    const slices = target && 'globalIndex' in target ? target.globalIndex.partitions : table.partitions
    const index = target && 'localIndex' in target ? target.localIndex : undefined
    if (target && 'globalIndex' in target) await this.#fed(table, target.globalIndex.id)
    const touched = slicesOf(slices, request)
    if (request.reverse) touched.reverse()
    const page: Page = { rows: [], bytes: 0, cut: false }
    for (const { id } of touched) {
      const rest = remainder(request, index, page)
      if (touched.length === 1) rest.splice = request.splice
      const part = consistent
        ? await this.#routes.ask(id, table, leader => leader.range(rest), target)
        : await this.#rangeAnywhere(id, table, rest, target)
      if (touched.length === 1) return part
      for (const row of part.rows) page.rows.push(row)
      page.bytes += part.bytes
      page.cut = part.cut
      if (page.cut) break
    }
    return page
  }

  /** Asks the nearest replica; the leader, if there is none that knows, or it does not answer soon. */
  #getAnywhere(table: TableRecord, key: Buffer): Promise<Image | undefined> {
    const { id } = sliceOf(table.partitions, key)
    return this.#nearest(
      id,
      reader => reader.get(key),
      () => this.#routes.askOf(key, table, leader => leader.get(key)),
    )
  }

  /** The same. */
  #rangeAnywhere(id: string, table: TableRecord, range: RangeRequest, target: RangeTarget): Promise<Page> {
    return this.#nearest(
      id,
      reader => reader.range(range),
      () => this.#routes.ask(id, table, leader => leader.range(range), target),
    )
  }

  #nearest<T>(
    partition: string,
    ask: (reader: PartitionReader) => T | Promise<T>,
    leader: () => Promise<T>,
  ): Promise<T> {
    const reader = this.#leaders.reader?.(partition)
    if (!reader) return leader()
    try {
      return this.#hedge.ask(Promise.resolve(ask(reader)), leader)
    } catch {
      return leader()
    }
  }

  #fed(table: TableRecord, index: string): Promise<unknown> | undefined {
    if (this.#indexWaitMs === 0) return undefined
    const waits = table.partitions.flatMap(({ id }) => this.#leaders.find(id)?.fed(index) ?? [])
    if (waits.length === 0) return undefined
    return Promise.race([Promise.allSettled(waits), sleep(this.#clock, this.#indexWaitMs)])
  }
}

/** What is left to ask of the next partition. */
function remainder(
  { from, to, after, reverse, limit, maxBytes }: RangePage,
  index: string | undefined,
  page: Page,
): RangeRequest {
  const rest = limit === undefined ? undefined : limit - page.rows.length
  return { index, from, to, after, reverse, limit: rest, maxBytes: maxBytes - page.bytes }
}

/** The slices that the rest of the range touches, in key order. */
function slicesOf(slices: PartitionSlice[], { from, to, after, reverse }: RangePage): PartitionSlice[] {
  if (slices.length === 1) return [...slices]
  const first = hashBound(after && !reverse ? after : from, 0)
  const last = hashBound(after && reverse ? after : to, LAST_HASH)
  return slices.filter(slice => slice.from <= last && slice.to > first)
}

/** The hash a bound of a range begins with; a bound may be shorter than a hash. */
function hashBound(bound: Buffer, fallback: number): number {
  return bound.length >= 4 ? hashOfRow(bound) : fallback
}

/** The target as the table's record has it. */
function latestTarget(table: TableRecord, target: RangeTarget): RangeTarget {
  if (!target || !('globalIndex' in target)) return target
  return { globalIndex: indexOf(table, target.globalIndex.id) ?? target.globalIndex }
}
