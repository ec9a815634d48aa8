import type { Clock } from '../../base/clock.ts'
import { within } from '../../base/within.ts'
import type { Position } from '../../log/log.ts'
import type { Neighbours, Standing } from '../../replica/standing.ts'

/** How long another node's answer is waited for. */
export const ANSWER_MS = 300

export type AskingPorts = { node: string; neighbours: Neighbours; clock: Clock }

/**
 * `node`: of the partition's other replicas that answer, the one that has applied the most, if that is more than `applied`.
 * `isWhole`: whether all of them have answered.
 */
export async function furthest(
  partition: string,
  replicas: string[],
  { node, neighbours, clock }: AskingPorts,
  applied: Position,
): Promise<{ node: string | undefined; isWhole: boolean }> {
  const others = replicas.filter(other => other !== node)
  const standings = await Promise.all(
    others.map(other =>
      within(clock, ANSWER_MS, neighbours.standings(other, [partition])).catch(() => new Map<string, Standing>()),
    ),
  )
  let found: string | undefined
  let most = applied
  for (const [i, standing] of standings.entries()) {
    const there = standing.get(partition)
    if (!there || there.applied <= most) continue
    most = there.applied
    found = others[i]
  }
  return { node: found, isWhole: standings.every(standing => standing.has(partition)) }
}
