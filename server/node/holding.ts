/** A storage node's part in a process: it holds partitions, and leads some of them. */
import { PartitionHost } from '../cluster/host.ts'
import { indexPartitions, peers, type WholeLeader } from '../cluster/leaders.ts'
import { Membership } from '../cluster/membership.ts'
import { type NodeRecord, partitionKey } from '../cluster/records.ts'
import { Upkeep } from '../cluster/upkeep.ts'
import type { LogStore } from '../log/log.ts'
import type { Peers } from '../replica/peers.ts'
import type { Neighbours } from '../replica/standing.ts'
import type { Checkpointer } from '../store/checkpointer.ts'
import { Retention } from '../streams/retention.ts'
import type { PartitionSources } from '../telemetry/nodemetrics.ts'
import { Sweeper } from '../ttl/sweeper.ts'
import type { Base } from './base.ts'
import type { Ending } from './ending.ts'

/** What partitions are kept in. */
export type Ground = {
  logs: LogStore
  checkpointer: Checkpointer
  /** Of the partitions' files; undefined keeps them in memory. */
  folder: string | undefined
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
  /** How often expired items are looked for, in milliseconds. */
  sweepMs?: number
}

const SWEEP_MS = 5000

/** `ending` closes the ground, too. */
export function holdPartitions(
  base: Base,
  ground: Ground,
  { node, find, neighbours, copyRate, sweepMs = SWEEP_MS }: HoldingOptions,
  ending: Ending,
): Holding {
  const { clock, logger } = base
  const { logs, checkpointer, seen, folder } = ground
  const others = { indexes: indexPartitions(find), peers: peersOf(base, find), neighbours }
  const host = new PartitionHost({
    ...base,
    ...others,
    node,
    logs,
    checkpointer,
    folder,
    copyRate: copyRate && copyRate * 1_000_000,
  })
  const led = () => host.replicas().flatMap(({ leader }) => leader ?? [])
  const sweeper = new Sweeper(led, sweepMs, clock, logger)
  const chores = [
    new Upkeep(() => host.replicas(), logs, clock, logger),
    new Retention(led, clock, logger),
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
    expired: sweeper.deleted,
    disk: seen,
  }
  return { host, sources, start }
}

export function peersOf({ metadata }: Base, find: Find): Peers {
  return peers(find, async partition => (await metadata.get(partitionKey(partition))) !== undefined)
}
