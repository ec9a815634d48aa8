/** Replicas that should not be where they are, or that are missing: one after another, the most urgent first. Pure. */
import type { Move } from '../records.ts'
import type { Loads } from './loads.ts'
import type { NodeState, PartitionState } from './situation.ts'
import { candidates, mayStay, type NodeStates } from './targets.ts'
import { canDrop } from './underway.ts'

/** A move without its time. */
export type Need = Omit<Move, 'since'>

/** Whether the partition's replica there, or its leadership, was tried in vain just before. */
export type IsShunned = (partition: string, node: string) => boolean

export type Places = {
  nodes: NodeStates
  loads: Loads
  isShunned: IsShunned
  /** Whether a replica may be made there now. */
  isOpen(partition: PartitionState, node: string): boolean
}

/** For each way in which replicas can be wrong, what is to be done about this partition now; undefined for nothing, or not now. */
export const NEEDS: ((partition: PartitionState, places: Places) => Need | undefined)[] = [
  (partition, places) => leave(partition, places, 'repair', node => places.nodes.get(node)?.lost === true),
  (partition, places) => leave(partition, places, 'drain', node => places.nodes.get(node)?.draining === true),
  missing,
  (partition, places) => leave(partition, places, 'placement', node => !mayStay(places.nodes.get(node), partition)),
  needless,
]

/** One that is on the wrong node gets a successor, or goes without one if there are enough others. */
function leave(
  partition: PartitionState,
  places: Places,
  why: Move['why'],
  isWrong: (node: string) => boolean,
): Need | undefined {
  const { record, wish } = partition
  const leaving = record.replicas.find(isWrong)
  if (leaving === undefined) return undefined
  const isSpare = record.replicas.length > wish.replicas
  if (isSpare && canDrop(partition, leaving)) return { leaving, why }
  const good = record.replicas.filter(node => mayStay(places.nodes.get(node), partition))
  if (isSpare && good.length >= wish.replicas) return undefined
  const joining = bestTarget(partition, places, leaving)?.name
  return joining === undefined ? undefined : { joining, leaving, why }
}

function missing(partition: PartitionState, places: Places): Need | undefined {
  if (partition.record.replicas.length >= partition.wish.replicas) return undefined
  const joining = bestTarget(partition, places, undefined)?.name
  return joining === undefined ? undefined : { joining, why: 'replicas' }
}

/** There are more than are wished: one goes whose zone others are in, or whose node has the most. */
function needless(partition: PartitionState, { nodes, loads }: Places): Need | undefined {
  const { record, wish, leader } = partition
  const { replicas } = record
  if (replicas.length <= wish.replicas) return undefined
  const rank = (node: string) => [
    zonesOf(
      replicas.filter(other => other !== node),
      nodes,
    ),
    loads.held(node),
    node === leader ? 0 : 1,
  ]
  const worst = replicas.filter(node => canDrop(partition, node)).sort((a, b) => compare(rank(b), rank(a)))[0]
  return worst === undefined ? undefined : { leaving: worst, why: 'replicas' }
}

/** Where a replica would be in a zone of its own, if there is such a place, and else where there are the fewest. */
export function bestTarget(
  partition: PartitionState,
  places: Places,
  leaving: string | undefined,
): NodeState | undefined {
  const { nodes, loads, isOpen } = places
  const { record } = partition
  const staying = record.replicas.filter(node => node !== leaving)
  const rank = ({ name }: NodeState) => [
    -zonesOf([...staying, name], nodes),
    loads.held(name),
    loads.ofTable(name, record.tableId),
  ]
  const open = candidates(partition, nodes).filter(({ name }) => isOpen(partition, name))
  return open.sort((a, b) => compare(rank(a), rank(b)))[0]
}

/** How many zones these nodes are in. One that is away may be anywhere. */
export function zonesOf(names: string[], nodes: NodeStates): number {
  return new Set(names.map(name => nodes.get(name)?.zone)).size
}

/** Sorts by the first number that differs. */
export function compare(a: number[], b: number[]): number {
  for (const [i, number] of a.entries()) if (number !== b[i]) return number - b[i]!
  return 0
}
