/** What may go wrong: how it begins, how it ends, and what it is called. */
import type { Cuts } from '../../server/cluster/growth/resharding.ts'
import type { TableRecord } from '../../server/model/table.ts'
import { type Fault, type FaultStep, type Params, seconds } from './fault.ts'
import type { DiskFate } from './ground/disk.ts'
import type { LogTrouble } from './ground/logs.ts'
import { MOMENTS } from './moments.ts'
import { TABLE } from './requests.ts'
import type { World } from './world.ts'

const nodeFor =
  (low: number, high: number) =>
  ({ choices, node }: Params) => ({ node, ms: choices.between(low, high) })

function ending(fate: DiskFate, said: string): Fault {
  return {
    draw: nodeFor(50, 6000),
    begin: (world, { node }) => world.killNode(node!, fate),
    end: (world, { node }) => world.startNode(node!),
    say: ({ node, ms }) => `${node} ${said}, and starts again ${seconds(ms)} later`,
  }
}

function cutOff(place: 'metadata' | 'log'): Fault {
  return {
    draw: nodeFor(100, 5000),
    begin: (world, { node }) => world.network.cut(node!, place),
    end: world => world.network.heal(),
    say: ({ node, ms }) => `${node} can not reach the ${place} for ${seconds(ms)}`,
  }
}

function allCutOff(place: 'metadata' | 'log'): Fault {
  return {
    draw: ({ choices }) => ({ ms: choices.between(100, 5000) }),
    begin(world) {
      for (const name of [...world.nodes.keys(), ...world.servers.keys()]) world.network.cut(name, place)
    },
    end: world => world.network.heal(),
    say: ({ ms }) => `nobody can reach the ${place} for ${seconds(ms)}`,
  }
}

function troubledLog(trouble: LogTrouble): Fault {
  return {
    draw: ({ choices }) => ({ amount: choices.between(1, 3) }),
    begin(world, step) {
      let left = step.amount!
      world.logs.trouble = () => (left-- > 0 ? trouble : undefined)
    },
    say: ({ amount }) => `the next ${amount === 1 ? 'append' : `${amount} appends`} to any log: ${trouble}`,
  }
}

function reshaping(kind: 'split' | 'merge', said: string): Fault {
  return {
    draw: ({ choices }) => ({ amount: choices.below(1000) }),
    begin: (world, { amount }) => world.reshard(TABLE, table => cutsOf(table, kind, amount!)),
    say: () => said,
    atMost: 2,
  }
}

/** Of the table, or of one of its indexes, as `number` says: a partition in two, or two in one. Undefined if there is nothing to be done. */
function cutsOf({ partitions, globalIndexes }: TableRecord, kind: 'split' | 'merge', number: number): Cuts | undefined {
  const indexes = globalIndexes.filter(({ status }) => status === 'ACTIVE')
  const { id, partitions: slices } = [{ id: undefined, partitions }, ...indexes][number % (indexes.length + 1)]!
  const places = kind === 'split' ? slices.length : slices.length - 1
  if (places === 0) return undefined
  const [slice, next] = slices.slice(number % places)
  const cuts = kind === 'split' ? [Math.floor((slice!.from + slice!.to) / 2)] : []
  return { parents: kind === 'split' ? [slice!] : [slice!, next!], cuts, index: id }
}

export const FAULTS = {
  'process ends': ending('end of the process', 'is killed'),
  'power cut': ending('power cut', 'loses its power'),
  'power cut, a bit turned': ending(
    'power cut, a bit turned',
    'loses its power, and a bit of its last writes is turned,',
  ),
  'process freezes': {
    draw: nodeFor(50, 6000),
    begin: (world, { node }) => world.process(node!)?.freeze(),
    end: (world, { node }) => world.process(node!)?.thaw(),
    say: ({ node, ms }) => `${node} freezes for ${seconds(ms)}`,
  },
  'node leaves': {
    draw: nodeFor(2000, 6000),
    begin: (world, { node }) => void world.stopNode(node!),
    end(world, { node }) {
      world.killNode(node!, 'end of the process')
      world.startNode(node!)
    },
    say: ({ node, ms }) => `${node} is asked to end, and starts again ${seconds(ms)} later`,
  },
  'server ends': {
    draw: ({ choices, server }) => ({ node: server, ms: choices.between(10, 2000) }),
    begin: (world, { node }) => world.killServer(node!),
    end: (world, { node }) => world.startServer(node!),
    say: ({ node, ms }) => `${node} is killed, and starts again ${seconds(ms)} later`,
  },
  'server freezes': {
    draw: ({ choices, server }) => ({ node: server, ms: choices.between(50, 8000) }),
    begin: (world, { node }) => world.process(node!)?.freeze(),
    end: (world, { node }) => world.process(node!)?.thaw(),
    say: ({ node, ms }) => `${node} freezes for ${seconds(ms)}`,
  },
  partition: {
    draw: ({ choices, node, other, server }) => ({
      node,
      other: choices.chance(0.5) ? other : server,
      ms: choices.between(100, 8000),
    }),
    begin: (world, { node, other }) => world.network.cut(node!, other!),
    end: world => world.network.heal(),
    say: ({ node, other, ms }) => `${node} and ${other} can not reach each other for ${seconds(ms)}`,
  },
  isolation: {
    draw: nodeFor(100, 6000),
    begin(world, { node }) {
      for (const other of [...world.nodes.keys(), ...world.servers.keys(), 'metadata', 'log'])
        if (other !== node) world.network.cut(node!, other)
    },
    end: world => world.network.heal(),
    say: ({ node, ms }) => `${node} is cut off from everything for ${seconds(ms)}`,
  },
  'connections break': {
    draw: ({ node }) => ({ node }),
    begin: (world, { node }) => world.network.reset(node!),
    say: ({ node }) => `all connections of ${node} break`,
  },
  'slow network': {
    draw: ({ choices }) => ({ ms: choices.between(200, 3000), amount: choices.between(20, 400) }),
    begin(world, { amount }) {
      world.network.pace = { usual: amount!, slow: 0.1, slowMs: 4 * amount! }
    },
    end(world) {
      world.network.pace = world.options.pace
    },
    say: ({ amount, ms }) => `messages take up to ${amount} ms for ${seconds(ms)}`,
  },
  'metadata away from one': cutOff('metadata'),
  'log away from one': cutOff('log'),
  'metadata away': allCutOff('metadata'),
  'log away': allCutOff('log'),
  'append fails': troubledLog('fails'),
  'append takes, and seems to fail': troubledLog('takes, and seems to fail'),
  'lease lost': {
    draw: ({ node }) => ({ node }),
    begin: (world, { node }) => world.doomLease(node!),
    say: ({ node }) => `the lease of ${node} is not renewed any more`,
  },
  'leases seen late': {
    draw: ({ choices }) => ({ ms: choices.between(1000, 8000), amount: choices.between(500, 3000) }),
    begin(world, { amount }) {
      world.metadata.slackMs = amount!
    },
    end(world) {
      world.metadata.slackMs = 20
    },
    say: ({ amount, ms }) => `for ${seconds(ms)} leases that are over vanish up to ${seconds(amount!)} late`,
  },
  'clock jumps': {
    draw: ({ choices, node }) => ({ node, amount: choices.between(-120, 120) * 1000 }),
    begin(world, { node, amount }) {
      const process = world.process(node!)
      if (process) process.skew += amount!
    },
    say: ({ node, amount }) => `the clock of ${node} jumps by ${seconds(amount!)}`,
  },
  'disk full': {
    draw: nodeFor(100, 4000),
    begin(world, { node }) {
      world.disk(node!).isFull = true
      world.settle(node!)
    },
    end(world, { node }) {
      world.disk(node!).isFull = false
    },
    say: ({ node, ms }) => `the disk of ${node} is full for ${seconds(ms)}`,
  },
  checkpoint: {
    draw: ({ choices, node }) => ({ node: choices.chance(0.3) ? 'all' : node }),
    begin: (world, { node }) => world.checkpoint(node!),
    say: ({ node }) => `${node === 'all' ? 'all nodes make' : `${node} makes`} checkpoints, and logs are trimmed`,
  },
  'disk lost': {
    draw: nodeFor(500, 5000),
    begin(world, { node }) {
      world.killNode(node!, 'end of the process')
      world.disk(node!).lose()
    },
    end: (world, { node }) => world.startNode(node!),
    say: ({ node, ms }) => `${node} is killed and loses its disk, and starts again ${seconds(ms)} later`,
    bearable: ({ replicas }) => replicas === 3,
    atMost: 1,
  },
  'partition split': reshaping('split', 'a partition is split'),
  'partitions merged': reshaping('merge', 'two partitions are merged'),
  'node drained': {
    draw: nodeFor(500, 8000),
    begin: (world, { node }) => world.drain(node!, true),
    end: (world, { node }) => world.drain(node!, false),
    say: ({ node, ms }) => `${node} is to hold nothing for ${seconds(ms)}`,
  },
  'log loses its end': {
    draw: ({ choices }) => ({ node: String(choices.below(1000)), amount: choices.between(1, 5) }),
    begin: (world, { node, amount }) => world.loseEntries(Number(node), amount!),
    // Who has stopped meanwhile is rebuilt if its last entry is known, which is for as long as the log waits for it.
    bearable: ({ replicas, graceMs }) => replicas > 1 && graceMs > 60_000,
    say: ({ amount }) => `a log loses its last ${amount === 1 ? 'entry' : `${amount} entries`}`,
  },
  ...MOMENTS,
} satisfies Record<string, Fault>

export type FaultKind = keyof typeof FAULTS

export const FAULT_KINDS = Object.keys(FAULTS) as FaultKind[]

/**
 * What a log has lost is in the replicas' files, unless one that has applied it is away, or ends, before another one leads: so
 * a log loses nothing where anything else may happen to nodes, and the ways between them.
 */
export const WITH_A_LOSS: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'log loses its end',
  'server ends',
  'server freezes',
  'append fails',
  'append takes, and seems to fail',
  'lease lost',
  'leases seen late',
  'clock jumps',
  'checkpoint',
  'partition split',
  'partitions merged',
])

export function faultOf(kind: FaultKind): Fault {
  return FAULTS[kind]
}

/** `later`: for its end. */
export function inject(world: World, step: FaultStep, later: (ms: number, task: () => void) => void): void {
  const fault = faultOf(step.kind)
  fault.begin(world, step)
  if (fault.end) later(step.ms, () => fault.end!(world, step))
}
