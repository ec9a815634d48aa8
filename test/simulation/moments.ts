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
    draw: ({ choices, node }) => ({ node, ms: choices.between(2000, 7000), amount: choices.below(60) }),
    begin(world, { node, ms, amount }) {
      const detour: Detour = ({ from, partition, go }) => {
        if (from !== node || !partitionsOf(world).includes(partition)) return false
        world.logs.detours.delete(detour)
        const process = world.process(node)!
        process.freeze()
        world.trace.note(`${node} freezes as it appends to ${partition}`)
        onceDeposed(world, partition, node, ms, () => {
          world.trace.note('the append goes on')
          go()
          world.time.after(amount!, () => process.thaw())
        })
        return true
      }
      world.logs.detours.add(detour)
    },
    say: ({ node }) => `${node} freezes as it appends, and the append arrives when another one leads`,
    bearable: ({ replicas }) => replicas > 1,
  },
  'deposed while asked': {
    draw: ({ choices, node, server }) => ({
      node,
      other: server,
      ms: choices.between(2000, 7000),
      amount: choices.between(20, 1000),
    }),
    begin(world, { node, other, ms, amount }) {
      const partition = partitionsOf(world).find(id => leaderOf(world, id)?.node === node)
      if (partition === undefined) return
      const process = world.process(node!)!
      process.freeze()
      world.trace.note(`${node} freezes, which leads ${partition}`)
      world.network.cut(other!, 'metadata')
      onceDeposed(world, partition, node!, ms, () => {
        world.trace.note(`${node} is deposed`)
        world.time.after(amount!, () => process.thaw())
        world.time.after(2 * amount!, () => world.network.join(other!, 'metadata'))
      })
    },
    say: ({ node, other, amount }) =>
      `${node} freezes until ${seconds(amount!)} after another one leads, which ${other} does not hear of`,
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
        for (const node of leaders) if (node !== undefined) world.revokeLease(node)
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
