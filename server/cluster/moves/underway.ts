/** Moves and handovers that are under way: what is next for them. Pure. */
import type { Move, PartitionRecord } from '../records.ts'
import type { PartitionState, Situation } from './situation.ts'
import { mayStay, type NodeStates } from './targets.ts'

/** How long a leader has to hand over. */
const HANDOVER_MS = 10_000
/** How long a replica that joins may be away. */
const AWAY_MS = 60_000

/** A record's next state; `give up` means that its move, or handover, will not be tried again at once. */
export type Advance = { next: PartitionRecord; what: string; givesUp?: boolean }

/** Undefined: there is nothing to do but to wait, or nothing under way. */
export function advanceHandover(
  { record, leader, healthy }: PartitionState,
  { now, nodes }: Situation,
): Advance | undefined {
  const { lead } = record
  if (!lead) return undefined
  if (leader === lead.node) return { next: without(record, 'lead'), what: `${lead.node} leads it` }
  const node = nodes.get(lead.node)
  const isPossible =
    record.replicas.includes(lead.node) && healthy.has(lead.node) && node !== undefined && !node.draining
  if (isPossible && now - lead.since < HANDOVER_MS) return undefined
  return { next: without(record, 'lead'), what: `${lead.node} does not come to lead it`, givesUp: true }
}

/** The same. */
export function advanceMove(partition: PartitionState, situation: Situation): Advance | undefined {
  const { move } = partition.record
  if (!move) return undefined
  return move.joining === undefined
    ? advanceLeaving(partition, move, situation)
    : advanceJoining(partition, move, move.joining, situation)
}

function advanceJoining(
  partition: PartitionState,
  move: Move,
  joining: string,
  { now, nodes }: Situation,
): Advance | undefined {
  const { record, healthy } = partition
  const { joining: _, ...rest } = move
  const unmoved = without(record, 'move')
  if (isNeedless(move, partition, nodes)) return { next: unmoved, what: `${joining} need not join any more` }
  const { awaySince } = nodes.get(joining) ?? {}
  const isAway = awaySince !== undefined && now - awaySince > AWAY_MS
  if (isAway || !mayStay(nodes.get(joining), partition))
    return { next: unmoved, what: `${joining} can not join any more`, givesUp: true }
  if (!healthy.has(joining)) return undefined
  const joined = { ...unmoved, replicas: [...record.replicas, joining] }
  const next = move.leaving === undefined ? joined : { ...joined, move: rest }
  return { next, what: `${joining} has joined` }
}

/** What was to be left has come back, or may stay after all. */
function isNeedless({ why, leaving }: Move, partition: PartitionState, nodes: NodeStates): boolean {
  if (leaving === undefined || !['repair', 'drain', 'placement'].includes(why)) return false
  const isThere = why !== 'repair' || partition.healthy.has(leaving)
  return isThere && mayStay(nodes.get(leaving), partition)
}

function advanceLeaving(partition: PartitionState, { leaving }: Move, { nodes }: Situation): Advance | undefined {
  const { record, leader } = partition
  const unmoved = without(record, 'move')
  if (leaving === undefined || !record.replicas.includes(leaving)) return { next: unmoved, what: 'the move is over' }
  if (!canDrop(partition, leaving)) return { next: unmoved, what: `${leaving} can not be left just now` }
  // Its leadership goes first; see handovers.ts.
  if (leader === leaving && nodes.get(leaving)?.live) return undefined
  const { lead, ...rest } = { ...unmoved, replicas: record.replicas.filter(node => node !== leaving) }
  return { next: lead && lead.node !== leaving ? { ...rest, lead } : rest, what: `${leaving} has left` }
}

/**
 * INV-G1  A replica goes only when so many others are healthy as there were before another one came for it, or as are wished;
 *         never the last one.
 */
export function canDrop({ record, healthy, wish }: PartitionState, node: string): boolean {
  const others = record.replicas.filter(other => other !== node)
  return others.filter(other => healthy.has(other)).length >= Math.max(1, Math.min(wish.replicas, others.length))
}

export function without(record: PartitionRecord, member: 'move' | 'lead'): PartitionRecord {
  const { [member]: _, ...rest } = record
  return rest
}
