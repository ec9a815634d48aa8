/** Who should lead instead of who leads. Pure. */
import type { PartitionState } from './situation.ts'
import type { NodeStates } from './targets.ts'

/** How many partitions each node leads. */
export type LeadCounts = ReadonlyMap<string, number>

/** For a leader that is about to leave, or whose node is to hold nothing: a successor, if there is one. */
export function urgentHandover(partition: PartitionState, nodes: NodeStates, leads: LeadCounts): string | undefined {
  const { record, leader } = partition
  if (leader === undefined || !isLeaving(partition, leader, nodes)) return undefined
  const fit = record.replicas.filter(node => mayLead(partition, node, nodes))
  return fit.sort((a, b) => (leads.get(a) ?? 0) - (leads.get(b) ?? 0))[0]
}

/** The one that should lead, if it could and does not. */
export function dueHandover(partition: PartitionState, nodes: NodeStates): string | undefined {
  const { record, leader } = partition
  const [first] = record.replicas
  if (leader === undefined || leader === first || !nodes.get(first!)?.steady) return undefined
  return mayLead(partition, first!, nodes) ? first : undefined
}

function mayLead(partition: PartitionState, node: string, nodes: NodeStates): boolean {
  return node !== partition.leader && partition.healthy.has(node) && !isLeaving(partition, node, nodes)
}

function isLeaving({ record: { move } }: PartitionState, node: string, nodes: NodeStates): boolean {
  return nodes.get(node)?.draining === true || (move?.leaving === node && move.joining === undefined)
}
