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

/**
 * Whether it reads less than all of the partition's nodes do that are well: a log that has gone over to the later format it could
 * not follow (INV-V1). It was begun with an older version when all others had a newer one; a replica there might stop at once.
 */
export function isOlder({ format = 0 }: NodeState, { healthy }: PartitionState, nodes: NodeStates): boolean {
  const formats = [...healthy].map(name => nodes.get(name)?.format ?? 0)
  return formats.length > 0 && formats.every(read => read > format)
}

/** Nodes where a replica could be made; older ones only if there are no others. */
export function candidates(partition: PartitionState, nodes: NodeStates): NodeState[] {
  const holders = holdersOf(partition.record)
  const all = [...nodes.values()].filter(node => node.live && mayStay(node, partition) && !holders.includes(node.name))
  const able = all.filter(node => !isOlder(node, partition, nodes))
  return able.length > 0 ? able : all
}
