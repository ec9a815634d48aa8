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
import type { PartitionSources } from '../telemetry/nodemetrics.ts'
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

/** `ending` closes the ground, too. */
export function holdPartitions(
  base: Base,
  ground: Ground,
  { node, find, neighbours }: { node: string; find: Find; neighbours: Neighbours },
  ending: Ending,
): Holding {
  const { clock, logger } = base
  const { logs, checkpointer, seen, folder } = ground
  const others = { indexes: indexPartitions(find), peers: peersOf(base, find), neighbours }
  const host = new PartitionHost({ ...base, ...others, node, logs, checkpointer, folder })
  const upkeep = new Upkeep(() => host.replicas(), logs, clock, logger)
  const start = async (record: NodeRecord) => {
    const membership = new Membership(base, record)
    ending.add(() => membership.stop())
    await membership.start()
    ending.add(() => host.close())
    ending.add(() => host.leave())
    await host.start()
    ending.add(() => upkeep.stop())
    upkeep.start()
  }
  ending.add(() => logs.close())
  ending.add(() => checkpointer.close())
  const sources = {
    replicas: () => host.replicas(),
    leader: (partition: string) => host.leader(partition),
    untrimmed: () => logs.size(),
    checkpoints: upkeep,
    disk: seen,
  }
  return { host, sources, start }
}

export function peersOf({ metadata }: Base, find: Find): Peers {
  return peers(find, async partition => (await metadata.get(partitionKey(partition))) !== undefined)
}
