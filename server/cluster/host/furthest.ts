import type { Clock } from '../../base/clock.ts'
import { within } from '../../base/within.ts'
import type { Position } from '../../log/log.ts'
import type { Neighbours, Standing } from '../../replica/standing.ts'

/** How long another node's answer is waited for. */
export const ANSWER_MS = 300

export type AskingPorts = { node: string; neighbours: Neighbours; clock: Clock }

/**
 * `nodes`: of the partition's other replicas that answer, those that have applied more than `applied`, the one with the most first.
 * `isWhole`: whether all of them have answered.
 */
export async function furthest(
  partition: string,
  replicas: string[],
  { node, neighbours, clock }: AskingPorts,
  applied: Position,
): Promise<{ nodes: string[]; isWhole: boolean }> {
  const others = replicas.filter(other => other !== node)
  const standings = await Promise.all(
    others.map(other =>
      within(clock, ANSWER_MS, neighbours.standings(other, [partition])).catch(() => new Map<string, Standing>()),
    ),
  )
  const told = others.map((node, i) => ({
    node,
    applied: standings[i]!.get(partition)?.applied ?? Number.NEGATIVE_INFINITY,
  }))
  const further = told.filter(there => there.applied > applied).sort((a, b) => b.applied - a.applied)
  return { nodes: further.map(({ node }) => node), isWhole: standings.every(standing => standing.has(partition)) }
}
