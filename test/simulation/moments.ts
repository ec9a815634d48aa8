/** Faults of moments that chance alone hardly meets: each waits for its moment, and for what must come before it ends. */
import { type LeaderRecord, leaderKey } from '../../server/cluster/records.ts'
import type { TableRecord } from '../../server/model/table.ts'
import { type Fault, seconds } from './fault.ts'
import type { Detour } from './ground/logs.ts'
import { TABLE } from './requests.ts'
import type { World } from './world.ts'

const LOOK_MS = 5
/** A log is trimmed two rounds after its entries are in all files. */
const CHECKPOINT_MS = 250

export const MOMENTS = {
  'deposed while appending': {
    draw: ({ choices, setup }) => ({ amount: choices.below(1000), ms: setup.leaseMs + choices.between(1000, 4000) }),
    begin(world, { amount, ms }) {
      const chosen = partitionFor(world, amount!)
      const detour: Detour = ({ from, partition, go }) => {
        if (partition !== chosen) return false
        world.logs.detours.delete(detour)
        world.trace.note(`an append of ${from} to ${partition} is held up`)
        isUnaware(world, from, ms)
        onceDeposed(world, partition, from, ms, () => {
          world.trace.note('the append goes on')
          go()
        })
        return true
      }
      world.logs.detours.add(detour)
    },
    say: () =>
      'an append to a partition arrives only when another node leads, which the one that appends does not notice',
    bearable: ({ replicas }) => replicas > 1,
  },
  'deposed while asked': {
    draw: ({ choices, setup, server }) => ({
      other: server,
      amount: choices.below(1000),
      ms: setup.leaseMs + choices.between(1000, 4000),
    }),
    begin(world, { other, amount, ms }) {
      const node = leaderOf(world, partitionFor(world, amount!))?.node
      if (node === undefined) return
      isUnaware(world, node, ms)
      world.network.cut(other!, 'metadata')
      world.time.after(ms, () => world.network.join(other!, 'metadata'))
    },
    say: ({ other, ms }) =>
      `a node that leads does not notice that it is deposed, nor does ${other}, for ${seconds(ms)}`,
    bearable: ({ replicas, servers }) => replicas > 1 && servers > 1,
  },
  'slow way': {
    draw: ({ choices, node, server }) => ({
      node,
      other: server,
      ms: choices.between(1000, 6000),
      amount: choices.between(20, 300),
    }),
    begin: (world, { node, other, amount }) => world.network.slow(node!, other!, amount!),
    end: (world, { node, other }) => world.network.slow(node!, other!, 0),
    say: ({ node, other, amount, ms }) =>
      `messages between ${node} and ${other} take ${seconds(amount!)} more for ${seconds(ms)}`,
    bearable: ({ nodes, servers }) => nodes > 1 && servers > 1,
  },
  'log of an index stands still': {
    draw: ({ choices }) => ({ ms: choices.between(1000, 4000), amount: choices.below(1000) }),
    begin(world, { ms, amount }) {
      const fed = indexPartitionsOf(world)
      if (fed.length === 0) return
      const still = fed[amount! % fed.length]!
      const held: (() => void)[] = []
      const detour: Detour = ({ partition, go }) => partition === still && held.push(go) > 0
      world.logs.detours.add(detour)
      for (let at = CHECKPOINT_MS; at < ms; at += CHECKPOINT_MS) world.time.after(at, () => world.checkpoint('all'))
      world.time.after(0.8 * ms, () => {
        const leaders = new Set(partitionsOf(world).map(id => leaderOf(world, id)?.node))
        for (const node of leaders) if (node !== undefined) world.doomLease(node)
      })
      world.time.after(ms, () => {
        world.logs.detours.delete(detour)
        for (const go of held) go()
      })
    },
    say: ({ ms }) =>
      `the log of a partition of an index takes nothing for ${seconds(ms)}; logs are trimmed, and then who feeds it leads no more`,
    bearable: ({ replicas }) => replicas > 1,
  },
} satisfies Record<string, Fault>

export const MOMENT_KINDS = Object.keys(MOMENTS) as (keyof typeof MOMENTS)[]

/** For so long the node hears nothing of the metadata, and its timers, that of its lease with them, are late. */
function isUnaware(world: World, node: string, ms: number): void {
  const process = world.process(node)
  if (!process) return
  process.lateMs = ms
  world.network.cut(node, 'metadata')
  world.time.after(ms, () => {
    process.lateMs = 0
    world.network.join(node, 'metadata')
  })
}

/** One of the table's, by any number. */
function partitionFor(world: World, number: number): string {
  const partitions = partitionsOf(world)
  return partitions[number % partitions.length]!
}

/** Calls `then` when another node leads the partition, or after `ms`. */
function onceDeposed(world: World, partition: string, node: string, ms: number, then: () => void): void {
  const end = world.time.now + ms
  const look = () => {
    const leader = leaderOf(world, partition)
    const isDeposed = leader !== undefined && leader.node !== node && leader.epoch > 0
    if (isDeposed || world.time.now >= end) then()
    else world.time.after(LOOK_MS, look)
  }
  look()
}

function leaderOf({ metadata }: World, partition: string): LeaderRecord | undefined {
  const entry = metadata.entries.get(leaderKey(partition))
  return entry && (JSON.parse(entry.value) as LeaderRecord)
}

function tableOf({ metadata }: World): TableRecord | undefined {
  return metadata
    .list('tables/')
    .map(({ value }) => JSON.parse(value) as TableRecord)
    .find(({ name }) => name === TABLE)
}

function partitionsOf(world: World): string[] {
  return tableOf(world)?.partitions.map(({ id }) => id) ?? []
}

function indexPartitionsOf(world: World): string[] {
  return tableOf(world)?.globalIndexes.flatMap(({ partitions }) => partitions.map(({ id }) => id)) ?? []
}
