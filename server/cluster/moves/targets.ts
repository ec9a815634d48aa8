/** Which nodes may hold a partition. Pure. */
import { isWished } from '../placement.ts'
import { holdersOf } from '../records.ts'
import type { NodeState, PartitionState } from './situation.ts'

export type NodeStates = ReadonlyMap<string, NodeState>

/** Whether the partition may stay there, as far as its table's wish and the node's future go. */
export function mayStay(node: NodeState | undefined, { wish }: PartitionState): boolean {
  if (!node || node.lost || node.draining) return false
  // Of one that is away for a moment, nothing else may be known.
  if (node.zone === undefined || node.pool === undefined) return true
  return isWished({ zone: node.zone, pool: node.pool }, wish)
}

/** Nodes where a replica could be made. */
export function candidates(partition: PartitionState, nodes: NodeStates): NodeState[] {
  const holders = holdersOf(partition.record)
  return [...nodes.values()].filter(node => node.live && mayStay(node, partition) && !holders.includes(node.name))
}
