/**
 * Evenness: replicas in as many zones as there are, then as even over nodes as zones allow; preferred leaders even over nodes.
 * Each step makes the one or the other strictly better and neither worse, counting what is under way as done: so it comes to an
 * end, and never goes back and forth. Pure.
 */
import type { PartitionRecord } from '../records.ts'
import { compare, type Need, type Places, zonesOf } from './needs.ts'
import type { NodeState, PartitionState } from './situation.ts'
import { candidates, isOlder, mayStay, type NodeStates } from './targets.ts'

type Candidate = { partition: PartitionState; need: Need; rank: number[] }

/** The move that helps the most; undefined when all is even. */
export function spreadReplicas(
  partitions: PartitionState[],
  places: Places,
): { partition: PartitionState; need: Need } | undefined {
  let best: Candidate | undefined
  const { nodes, loads } = places
  const living = [...nodes.values()].filter(({ live }) => live)
  const zones = new Set(living.map(({ zone }) => zone)).size
  const least = Math.min(...living.map(({ name }) => loads.held(name)))
  for (const partition of partitions) {
    const { replicas } = partition.record
    const isFine = zonesOf(replicas, nodes) >= Math.min(zones, replicas.length)
    // Most of the time, there is nothing to look at more closely.
    if (isFine && replicas.every(node => loads.held(node) < least + 2)) continue
    if (!isCalm(partition, nodes)) continue
    for (const candidate of improvements(partition, places))
      if (!best || compare(candidate.rank, best.rank) > 0) best = candidate
  }
  return best
}

/** All its replicas are well, and where they may be; nothing is under way. */
function isCalm(partition: PartitionState, nodes: NodeStates): boolean {
  const { record, healthy } = partition
  return !record.move && record.replicas.every(node => healthy.has(node) && mayStay(nodes.get(node), partition))
}

function improvements(partition: PartitionState, { nodes, loads, isOpen }: Places): Candidate[] {
  const { record, leader } = partition
  const { replicas, tableId } = record
  const zones = zonesOf(replicas, nodes)
  const better =
    (leaving: string) =>
    ({ name }: NodeState) => {
      const staying = replicas.filter(node => node !== leaving)
      const gained = zonesOf([...staying, name], nodes) - zones
      const lighter = loads.held(leaving) - loads.held(name)
      if (gained < 0 || (gained === 0 && lighter < 2) || !isOpen(partition, name)) return []
      const lighterTable = loads.ofTable(leaving, tableId) - loads.ofTable(name, tableId)
      const why = gained > 0 ? ('zones' as const) : ('spread' as const)
      return {
        partition,
        need: { joining: name, leaving, why },
        rank: [gained, lighter, lighterTable, leaving === leader ? 0 : 1],
      }
    }
  // What only makes it more even can wait until the node is upgraded.
  const targets = candidates(partition, nodes).filter(node => !isOlder(node, partition, nodes))
  return replicas.flatMap(leaving => targets.flatMap(better(leaving)))
}

/** The next order of one partition's replicas, so that those that should lead are even; undefined when they are. */
export function spreadLeaders(
  partitions: PartitionState[],
  nodes: NodeStates,
): { partition: PartitionState; next: PartitionRecord } | undefined {
  const stays = (node: string) => nodes.get(node)?.draining !== true && nodes.get(node)?.lost !== true
  const leads = new Map<string, number>()
  for (const name of nodes.keys()) if (stays(name)) leads.set(name, 0)
  for (const { record } of partitions) {
    const [first] = record.replicas
    if (leads.has(first!)) leads.set(first!, leads.get(first!)! + 1)
  }
  const unfit = partitions.find(({ record }) => !stays(record.replicas[0]!) && record.replicas.some(stays))
  if (unfit) {
    const successor = unfit.record.replicas.filter(stays).sort((a, b) => leads.get(a)! - leads.get(b)!)[0]!
    return { partition: unfit, next: preferring(unfit.record, successor) }
  }
  return shifted(partitions, leads)
}

/** The first step of a chain of them, from a node that is first of many to one that is first of few. */
function shifted(partitions: PartitionState[], leads: Map<string, number>) {
  const byFirst = Map.groupBy(partitions, ({ record }) => record.replicas[0]!)
  const heaviest = [...leads.keys()].sort((a, b) => leads.get(b)! - leads.get(a)!)
  for (const from of heaviest) {
    const reached = new Map<string, { partition: PartitionState; to: string }[]>([[from, []]])
    for (const [node, path] of reached) {
      if (leads.get(from)! - leads.get(node)! >= 2) {
        const { partition, to } = path.at(-1)!
        return { partition, next: preferring(partition.record, to) }
      }
      for (const partition of byFirst.get(node) ?? [])
        for (const to of partition.record.replicas)
          if (leads.has(to) && !reached.has(to) && to !== partition.record.move?.leaving)
            reached.set(to, [...path, { partition, to }])
    }
  }
  return undefined
}

function preferring(record: PartitionRecord, first: string): PartitionRecord {
  return { ...record, replicas: [first, ...record.replicas.filter(node => node !== first)] }
}
