/** A storage node's part in a process: it holds partitions, and leads some of them. */
import type { FileSystem } from '../base/filesystem.ts'
import type { Grace } from '../cluster/host/followers.ts'
import type { Scrubbing } from '../cluster/host/scrubber.ts'
import { PartitionHost } from '../cluster/host.ts'
import { indexPartitions, peers, type WholeLeader } from '../cluster/leaders.ts'
import { Membership } from '../cluster/membership.ts'
import { type NodeRecord, partitionKey } from '../cluster/records.ts'
import { Upkeep } from '../cluster/upkeep.ts'
import type { LogStore } from '../log/log.ts'
import type { Peers } from '../replica/peers.ts'
import type { Neighbours } from '../replica/standing.ts'
import type { Checkpointer } from '../store/checkpointer.ts'
import type { OpenStore } from '../store/store.ts'
import { Retention } from '../streams/retention.ts'
import type { PartitionSources } from '../telemetry/nodemetrics.ts'
import { Sweeper } from '../ttl/sweeper.ts'
import type { Base } from './base.ts'
import type { Ending } from './ending.ts'
import type { PreparePublishing } from './publishing.ts'

/** What partitions are kept in. */
export type Ground = {
  logs: LogStore
  checkpointer: Checkpointer
  /** Of the partitions' files; undefined keeps them in memory. */
  folder: string | undefined
  /** That the folder is on; the system's, as a rule. */
  fileSystem?: FileSystem
  /** How partition files are opened, if otherwise. */
  openStore?: OpenStore
  /** What is measured of it. */
  seen: PartitionSources['disk']
}

/** Leaders, wherever they are. */
export type Find = (partition: string) => WholeLeader | undefined

export type Holding = {
  host: PartitionHost
  sources: Omit<PartitionSources, 'tables'>
  /** Opens what is there, and begins to lead. `record`: how others find it. Errors: OperatorError. */
  start(record: NodeRecord): Promise<void>
}

export type HoldingOptions = {
  node: string
  find: Find
  neighbours: Neighbours
  /** MB a second; see cluster/host/pace.ts. */
  copyRate?: number
  /** How replicas are compared; else they are not. */
  scrubbing?: Scrubbing
  /** Up to which format the nodes that live read; else formats stay as they are. */
  formats?: () => ReadonlyMap<string, number>
  /** How often expired items are looked for, in milliseconds. */
  sweepMs?: number
  /** Where the changes of streams are published. */
  publish?: PreparePublishing
  /** How long the log is kept for others; see cluster/host/followers.ts. */
  grace?: Grace
}

const SWEEP_MS = 5000

/** `ending` closes the ground, too. */
export function holdPartitions(
  base: Base,
  ground: Ground,
  { node, find, neighbours, copyRate, scrubbing, formats, grace, sweepMs = SWEEP_MS, publish }: HoldingOptions,
  ending: Ending,
): Holding {
  const { clock, logger } = base
  const { logs, checkpointer, seen, ...files } = ground
  const others = { indexes: indexPartitions(find), peers: peersOf(base, find), neighbours }
  const host = new PartitionHost({
    ...base,
    ...others,
    ...files,
    node,
    logs,
    checkpointer,
    grace,
    copyRate: copyRate && copyRate * 1_000_000,
    scrubbing,
    formats,
    publishLag: partition => published?.publishing.lag(partition),
  })
  const led = () => host.replicas().flatMap(({ leader }) => leader ?? [])
  const published = publish?.(partition => host.leader(partition), ending)
  const until = (partition: string) => published!.publishing.until(partition)
  const sweeper = new Sweeper(led, sweepMs, clock, logger)
  const chores = [
    new Upkeep(() => host.replicas(), logs, clock, logger),
    new Retention(led, clock, logger, published && { until, limitMs: published.limitMs }),
    sweeper,
  ] as const
  const [upkeep] = chores
  const start = async (record: NodeRecord) => {
    const membership = new Membership(base, record)
    ending.add(() => membership.stop())
    await membership.start()
    ending.add(() => host.close())
    ending.add(() => host.leave())
    await host.start()
    for (const chore of chores) {
      ending.add(() => chore.stop())
      chore.start()
    }
    await published?.start()
  }
  ending.add(() => logs.close())
  ending.add(() => checkpointer.close())
  const sources = {
    replicas: () => host.replicas(),
    unled: () => host.unled(),
    stopped: () => host.stopped(),
    diskFailing: () => host.isDiskFailing,
    leader: (partition: string) => host.leader(partition),
    untrimmed: () => logs.size(),
    checkpoints: upkeep,
    scrubber: host.scrubber,
    expired: sweeper.deleted,
    publishing: published?.publishing,
    disk: seen,
  }
  return { host, sources, start }
}

export function peersOf({ metadata }: Base, find: Find): Peers {
  return peers(find, async partition => (await metadata.get(partitionKey(partition))) !== undefined)
}
