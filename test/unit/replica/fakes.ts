/** The ports of a leader, in the test's hands. */
import { randomUUID } from 'node:crypto'
import { type Clock, systemClock } from '../../../server/base/clock.ts'
import { silent } from '../../../server/base/logger.ts'
import { untraced } from '../../../server/base/tracer.ts'
import type { LoggedEntry, PartitionLog, Position } from '../../../server/log/log.ts'
import { MemoryLogStore } from '../../../server/log/memory.ts'
import type { Lease } from '../../../server/metadata/metadata.ts'
import type { Item } from '../../../server/model/item.ts'
import type { EntryBody } from '../../../server/partition/entry.ts'
import type { PartitionSchema } from '../../../server/partition/schema.ts'
import { Applier } from '../../../server/replica/applier.ts'
import type { FeedRow, IndexPartitions } from '../../../server/replica/feed.ts'
import { Leader } from '../../../server/replica/leader.ts'
import type { Peers } from '../../../server/replica/peers.ts'
import { Store } from '../../../server/store/store.ts'
import { PLAIN, partitionSchema } from '../partition/given.ts'

/** The system's, but its timers keep the process alive: tests wait for nothing else. */
export const clock: Clock = {
  ...systemClock,
  after(ms, task) {
    const timer = setTimeout(task, ms)
    return () => clearTimeout(timer)
  },
}

type HeldAppend = { bytes: Uint8Array; expected: Position; resolve: () => void; reject: (error: Error) => void }

/** A log whose appends can be held up, and then let through or lost. */
export class GatedLog implements PartitionLog {
  depth = 4
  readonly inner: PartitionLog
  #open = true
  #held: HeldAppend[] = []

  constructor(inner: PartitionLog) {
    this.inner = inner
  }

  get held(): number {
    return this.#held.length
  }

  close(): void {
    this.#open = false
  }

  /** Lets the first `count` held appends through; all of them, and those to come, if not told. */
  async pass(count?: number): Promise<void> {
    if (count === undefined) this.#open = true
    for (const { bytes, expected, resolve, reject } of this.#held.splice(0, count ?? this.#held.length))
      this.inner.append(bytes, expected).then(resolve, reject)
    await settled()
  }

  /** The held appends fail. */
  async lose(error: Error): Promise<void> {
    for (const { reject } of this.#held.splice(0)) reject(error)
    await settled()
  }

  append(bytes: Uint8Array, expected: Position): Promise<void> {
    if (this.#open) return this.inner.append(bytes, expected)
    return new Promise((resolve, reject) => this.#held.push({ bytes, expected, resolve, reject }))
  }

  end = () => this.inner.end()
  start = () => this.inner.start()
  read = (after: Position, maxBytes: number): Promise<LoggedEntry[]> => this.inner.read(after, maxBytes)
  trim = (upTo: Position) => this.inner.trim(upTo)
  refresh = () => this.inner.refresh()
  resume = (end: Position) => this.inner.resume(end)
  wait = (after: Position, signal?: AbortSignal) => this.inner.wait(after, signal)
}

type Fed = { position: Position; rows: FeedRow[] }

/** Index partitions that note what they are fed, and can be away or slow. */
export class NotedIndexes implements IndexPartitions {
  readonly positions = new Map<string, Position>()
  /** By partition. */
  readonly feeds = new Map<string, Fed[]>()
  away = false
  slow: Promise<void> | undefined

  async consumed(partition: string): Promise<Position> {
    if (this.away) throw new Error('away')
    return this.positions.get(partition) ?? 0
  }

  async feed(partition: string, _source: string, position: Position, rows: FeedRow[]): Promise<void> {
    await this.slow
    if (this.away) throw new Error('away')
    if (position <= (this.positions.get(partition) ?? 0)) return
    this.positions.set(partition, position)
    this.feeds.set(partition, [...(this.feeds.get(partition) ?? []), { position, rows }])
  }

  /** What the partition's rows come to, by key. */
  rows(partition: string): Map<string, Item> {
    const rows = new Map<string, Item>()
    for (const { key, image } of (this.feeds.get(partition) ?? []).flatMap(({ rows }) => rows)) {
      if (image) rows.set(key.toString('hex'), JSON.parse(image.json))
      else rows.delete(key.toString('hex'))
    }
    return rows
  }
}

/** No other partitions are there. */
export const alone: Peers = {
  outcome: async () => {
    throw new Error('away')
  },
  holds: async () => {
    throw new Error('away')
  },
  token: async () => {
    throw new Error('away')
  },
}

/** A lease that does not run out. */
export const endless = { validUntil: () => Number.POSITIVE_INFINITY }

export type LedPartition = {
  leader: Leader
  log: GatedLog
  store: Store
  applier: Applier
  indexes: NotedIndexes
  broke: Error[]
}

type LeadOptions = Partial<Pick<LedPartition, 'log' | 'store' | 'indexes'>> & {
  schema?: PartitionSchema
  clock?: Clock
  peers?: Peers
  lease?: Pick<Lease, 'validUntil'>
  partition?: string
}

/** A partition in memory, led, with a schema if it had none. */
export async function lead(options: LeadOptions = {}): Promise<LedPartition> {
  const partition = options.partition ?? randomUUID()
  const log = options.log ?? new GatedLog(await new MemoryLogStore().open(partition, 0))
  const store = options.store ?? new Store(':memory:', partition)
  const indexes = options.indexes ?? new NotedIndexes()
  const applier = new Applier(store)
  while (applier.state.position < log.end()) applier.replay(await log.read(applier.state.position, 1e9))
  const broke: Error[] = []
  const peers = options.peers ?? alone
  const shared = { clock: options.clock ?? clock, tracer: untraced, logger: silent }
  const lease = options.lease ?? endless
  const ports = { store, log, applier, lease, indexes, peers, ...shared }
  const leader = await Leader.begin(options.partition ?? 'source', 'node', ports, error => broke.push(error))
  await leader.adopt(options.schema ?? partitionSchema(PLAIN))
  return { leader, log, store, applier, indexes, broke }
}

/** Resolves when what is ready now has been done. */
export function settled(): Promise<void> {
  return new Promise(resolve => setImmediate(() => setImmediate(resolve)))
}

export async function until(holds: () => boolean, ms = 20_000): Promise<void> {
  const end = performance.now() + ms
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${holds}`)
    await new Promise(resolve => setTimeout(resolve, 2))
  }
}

export type Outcome = 'pending' | 'done' | Error

/** What has become of a promise so far. */
export function watch(promise: Promise<unknown>): { outcome: Outcome } {
  const watched: { outcome: Outcome } = { outcome: 'pending' }
  promise.then(
    () => (watched.outcome = 'done'),
    error => (watched.outcome = error),
  )
  return watched
}

export const epoch: EntryBody = { kind: 'epoch', node: 'node' }
