/**
 * The duty that publishes the changes of all streams: on each node, of the partitions that it leads. A partition that has taken over
 * from others begins when all of theirs are published, which the metadata says: so an item's changes stay in order.
 */
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Realm } from '../../cluster/records.ts'
import type { StreamRecord } from '../../cluster/streamrecords.ts'
import type { Metadata } from '../../metadata/metadata.ts'
import { isRetired, parentsOf, type Shard, shardsOf } from '../shards.ts'
import type { Streams } from '../streams.ts'
import type { ChangeBus } from './bus.ts'
import { type PublishedLeader, Publisher } from './publisher.ts'
import { channelOf } from './subjects.ts'

export type PublishingPorts = {
  metadata: Metadata
  bus: ChangeBus
  streams: Pick<Streams, 'list'>
  leader(partition: string): PublishedLeader | undefined
  realm: Realm
  /** Of streams and subjects. */
  prefix: string
  retentionMs: number
  clock: Clock
  logger: Logger
}

const LOOK_MS = 500
/** Shards of retired partitions of which everything is published. */
const PUBLISHED = 'published/'

export class Publishing {
  /** Changes published since the process began, by table. */
  readonly published = new Map<string, number>()
  readonly #ports: PublishingPorts
  /** By partition, then by the stream's label. */
  readonly #publishers = new Map<string, Map<string, Publisher>>()
  /** Keys of the shards that are, as the metadata says. */
  readonly #complete = new Set<string>()
  #unwatch = () => {}
  #cancel = () => {}
  #stopped = false

  constructor(ports: PublishingPorts) {
    this.#ports = ports
  }

  async start(): Promise<void> {
    this.#unwatch = await this.#ports.metadata.watch(PUBLISHED, changes => {
      for (const { key, entry } of changes) {
        if (entry) this.#complete.add(key)
        else this.#complete.delete(key)
      }
    })
    this.#repeat()
  }

  stop(): void {
    this.#stopped = true
    this.#cancel()
    this.#unwatch()
    for (const publisher of this.#all()) publisher.stop()
  }

  /** Changes of the partition that are less than this are published, or in no stream. */
  until(partition: string): bigint {
    const publishers = this.#publishers.get(partition)
    if (!publishers) return 0n
    let least = 2n ** 63n - 1n
    for (const { until } of publishers.values()) if (until !== undefined && until < least) least = until
    return least
  }

  /** By table, for how long the oldest change waits; milliseconds. */
  lags(): Map<string, number> {
    const now = this.#ports.clock.now()
    const lags = new Map<string, number>()
    for (const { table, waitingSince } of this.#all())
      lags.set(table, Math.max(lags.get(table) ?? 0, waitingSince === undefined ? 0 : now - waitingSince))
    return lags
  }

  /** The same of a partition that is led here; undefined if it has no stream. */
  lag(partition: string): number | undefined {
    const publishers = this.#publishers.get(partition)
    if (!publishers) return undefined
    const now = this.#ports.clock.now()
    return Math.max(...[...publishers.values()].map(({ waitingSince = now }) => Math.max(0, now - waitingSince)))
  }

  *#all(): Iterable<Publisher> {
    for (const publishers of this.#publishers.values()) yield* publishers.values()
  }

  #repeat(): void {
    void this.#look()
      .catch(error => this.#ports.logger.debug({ err: error }, 'what is published could not be noted yet'))
      .then(() => {
        if (!this.#stopped) this.#cancel = this.#ports.clock.after(LOOK_MS, () => this.#repeat())
      })
  }

  async #look(): Promise<void> {
    const seen = new Set<string>()
    const known = new Set<string>()
    const complete: string[] = []
    for (const stream of this.#ports.streams.list()) {
      const shards = shardsOf(stream)
      for (const shard of shards) {
        const key = keyOf(stream, shard)
        known.add(key)
        const leader = this.#ports.leader(shard.partition)
        if (!leader?.leads) continue
        seen.add(key)
        const isNext = parentsOf(stream, shard, shards).every(parent => this.#complete.has(keyOf(stream, parent)))
        const publisher = isNext ? this.#attend(stream, shard, leader) : undefined
        const isComplete = publisher?.until === undefined && isNext && isRetired(stream, shard)
        if (isComplete && !this.#complete.has(key)) complete.push(key)
      }
    }
    this.#dismiss(seen)
    const over = [...this.#complete].filter(key => !known.has(key))
    const puts = complete.map(key => ({ key, value: '{}' }))
    if (puts.length + over.length > 0) await this.#ports.metadata.commit({ guards: [], puts, deletes: over })
  }

  /** Those whose shards are not to be published here. */
  #dismiss(seen: Set<string>): void {
    for (const [partition, publishers] of this.#publishers) {
      for (const [label, publisher] of publishers) {
        if (seen.has(`${PUBLISHED}${partition}/${label}`)) continue
        publisher.stop()
        publishers.delete(label)
      }
      if (publishers.size === 0) this.#publishers.delete(partition)
    }
  }

  #attend(stream: StreamRecord, shard: Shard, leader: PublishedLeader): Publisher {
    let publishers = this.#publishers.get(shard.partition)
    if (!publishers) this.#publishers.set(shard.partition, (publishers = new Map()))
    const known = publishers.get(stream.label)
    if (known?.leader === leader) return known
    known?.stop()
    const { realm, prefix } = this.#ports
    const { name } = stream.table
    const published = (changes: number) => void this.published.set(name, (this.published.get(name) ?? 0) + changes)
    const channel = channelOf(prefix, realm, name, shard.id)
    const ports = { ...this.#ports, region: realm.region, published }
    const publisher = new Publisher(ports, leader, stream, shard, channel)
    publishers.set(stream.label, publisher)
    return publisher
  }
}

function keyOf({ label }: StreamRecord, { partition }: Shard): string {
  return `${PUBLISHED}${partition}/${label}`
}
