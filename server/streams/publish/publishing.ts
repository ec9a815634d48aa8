/** The duty that publishes the changes of all streams: on each node, of the partitions that it leads. */
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Realm } from '../../cluster/records.ts'
import type { StreamRecord } from '../../cluster/streamrecords.ts'
import { shardsOf } from '../shards.ts'
import type { Streams } from '../streams.ts'
import type { ChangeBus } from './bus.ts'
import { type PublishedLeader, Publisher } from './publisher.ts'
import { channelOf } from './subjects.ts'

export type PublishingPorts = {
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

export class Publishing {
  /** Changes published since the process began, by table. */
  readonly published = new Map<string, number>()
  readonly #ports: PublishingPorts
  /** By partition, then by the stream's label. */
  readonly #publishers = new Map<string, Map<string, Publisher>>()
  #cancel = () => {}
  #stopped = false

  constructor(ports: PublishingPorts) {
    this.#ports = ports
  }

  start(): void {
    this.#look()
    this.#cancel = this.#ports.clock.after(LOOK_MS, () => {
      if (!this.#stopped) this.start()
    })
  }

  stop(): void {
    this.#stopped = true
    this.#cancel()
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

  *#all(): Iterable<Publisher> {
    for (const publishers of this.#publishers.values()) yield* publishers.values()
  }

  #look(): void {
    const seen = new Map<string, Set<string>>()
    for (const stream of this.#ports.streams.list()) {
      for (const shard of shardsOf(stream)) {
        const leader = this.#ports.leader(shard.partition)
        if (!leader?.leads) continue
        let labels = seen.get(shard.partition)
        if (!labels) seen.set(shard.partition, (labels = new Set()))
        labels.add(stream.label)
        this.#attend(stream, shard, leader)
      }
    }
    for (const [partition, publishers] of this.#publishers) {
      for (const [label, publisher] of publishers) {
        if (seen.get(partition)?.has(label)) continue
        publisher.stop()
        publishers.delete(label)
      }
      if (publishers.size === 0) this.#publishers.delete(partition)
    }
  }

  #attend(stream: StreamRecord, { id, partition }: { id: string; partition: string }, leader: PublishedLeader): void {
    let publishers = this.#publishers.get(partition)
    if (!publishers) this.#publishers.set(partition, (publishers = new Map()))
    const known = publishers.get(stream.label)
    if (known?.leader === leader) return
    known?.stop()
    const { realm, prefix } = this.#ports
    const { name } = stream.table
    const published = (changes: number) => void this.published.set(name, (this.published.get(name) ?? 0) + changes)
    const channel = channelOf(prefix, realm, name, id)
    const ports = { ...this.#ports, region: realm.region, published }
    publishers.set(stream.label, new Publisher(ports, leader, stream, partition, channel))
  }
}
