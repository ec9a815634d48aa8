/** Contributor insights: the most accessed and the most throttled keys, of tables and indexes where they are enabled. */
import type { Clock } from '../base/clock.ts'
import { type Heavy, HeavyHitters } from '../capacity/heavy.ts'
import { decodeAttributes, endOfValue } from '../codec/decode.ts'
import type { Item } from '../model/item.ts'
import { type KeySchema, keyAttributes } from '../model/schema.ts'
import type { ContributorInsights } from '../model/table.ts'

/** How long keys are counted before counting begins anew. */
const WINDOW_MS = 5 * 60_000
/** Keys that one count has room for. */
const CAPACITY = 200
/** Keys that are shown of them. */
const SHOWN = 25
/** Of the hash that encoded keys begin with. */
const HASH_SIZE = 4

/** What is watched: a table, or a global index, by its id. */
export type Watched = { id: string; key: KeySchema; insights: ContributorInsights }

export type Contributor = { keys: Item; value: number; excess: number }

/** Times in epoch milliseconds. Items: partition and sort key together; none for keys without a sort key. */
export type InsightsWindow = {
  from: number
  to: number
  accessedPartitions: Contributor[]
  accessedItems: Contributor[]
  throttledPartitions: Contributor[]
  throttledItems: Contributor[]
}

class Window {
  readonly from: number
  readonly accessed = new KeyCounts()
  readonly throttled = new KeyCounts()

  constructor(from: number) {
    this.from = from
  }
}

class KeyCounts {
  readonly partitions = new HeavyHitters(CAPACITY)
  readonly items = new HeavyHitters(CAPACITY)
}

/** `windows`: the present one and, if it is right before it, the one before. */
type Counting = { since: number; windows: Window[] }

export class Insights {
  readonly #clock: Clock
  readonly #countings = new Map<string, Counting>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Counts an access by the encoded key of a row, or by its partition part alone. `units`: as CloudWatch weighs them. */
  accessed(watched: Watched, key: Buffer, units: number): void {
    if (watched.insights.mode === 'THROTTLED_KEYS') return
    const { accessed } = this.#window(watched)
    this.#count(accessed, watched, key, units)
  }

  /** Counts an access of which the items are known, but the partition was counted as a whole. */
  accessedItem(watched: Watched, key: Buffer, units: number): void {
    if (watched.insights.mode === 'THROTTLED_KEYS' || watched.key.range.length === 0) return
    this.#window(watched).accessed.items.add(textOf(key, itemEnd(watched.key, key)), units)
  }

  /** Counts a request that was refused for lack of throughput. */
  throttled(watched: Watched, key: Buffer): void {
    this.#count(this.#window(watched).throttled, watched, key, 1)
  }

  /** The windows there are figures of, the latest first; none if nothing was counted. */
  windows({ id, key, insights }: Watched): InsightsWindow[] {
    const counting = this.#countings.get(id)
    if (counting?.since !== insights.since) return []
    const current = this.#windowStart()
    return counting.windows
      .filter(window => window.from >= current - WINDOW_MS)
      .map(({ from, accessed, throttled }) => ({
        from: Math.max(from, insights.since),
        to: Math.min(from + WINDOW_MS, this.#clock.now()),
        accessedPartitions: contributors(accessed.partitions, key.hash),
        accessedItems: contributors(accessed.items, keyAttributes(key)),
        throttledPartitions: contributors(throttled.partitions, key.hash),
        throttledItems: contributors(throttled.items, keyAttributes(key)),
      }))
  }

  #count(counts: KeyCounts, { key: schema }: Watched, key: Buffer, weight: number): void {
    const end = partitionEnd(schema, key)
    counts.partitions.add(textOf(key, end), weight)
    if (schema.range.length > 0 && key.length > end) counts.items.add(textOf(key, itemEnd(schema, key)), weight)
  }

  #window({ id, insights }: Watched): Window {
    let counting = this.#countings.get(id)
    if (counting?.since !== insights.since) this.#countings.set(id, (counting = { since: insights.since, windows: [] }))
    const from = this.#windowStart()
    if (counting.windows[0]?.from !== from) {
      counting.windows = [new Window(from), ...counting.windows.slice(0, 1)]
      this.#forget(from - WINDOW_MS)
    }
    return counting.windows[0]!
  }

  /** Tables that went, or are not watched any more, have no windows that began at `time` or later. */
  #forget(time: number): void {
    for (const [id, { windows }] of this.#countings) if (windows[0]!.from < time) this.#countings.delete(id)
  }

  #windowStart(): number {
    const now = this.#clock.now()
    return now - (now % WINDOW_MS)
  }
}

/** Where the partition key ends in an encoded key. */
export function partitionEnd(schema: KeySchema, key: Buffer): number {
  return schema.hash.reduce((end, attribute) => endOfValue(key, end, attribute), HASH_SIZE)
}

/** Where the sort key ends: what follows in an index is the table's key. */
function itemEnd(schema: KeySchema, key: Buffer): number {
  return schema.range.reduce((end, attribute) => endOfValue(key, end, attribute), partitionEnd(schema, key))
}

function textOf(key: Buffer, end: number): string {
  return key.toString('latin1', HASH_SIZE, end)
}

function contributors(counts: HeavyHitters, attributes: KeySchema['hash']): Contributor[] {
  return counts.top(SHOWN).map(({ key, weight, excess }: Heavy) => ({
    keys: decodeAttributes(Buffer.from(key, 'latin1'), 0, attributes),
    value: weight,
    excess,
  }))
}
