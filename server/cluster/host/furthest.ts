import type { Clock } from '../../base/clock.ts'
import { within } from '../../base/within.ts'
import type { Position } from '../../log/log.ts'
import type { Neighbours, Standing } from '../../replica/standing.ts'

/** How long another node's answer is waited for. */
export const ANSWER_MS = 300

export type AskingPorts = { node: string; neighbours: Neighbours; clock: Clock }

/** Of a partition's other replicas that answer, those that have applied more than this one. */
export type Further = {
  /** The one with the most first. */
  nodes: string[]
  /** The same, of those that have stopped. */
  stopped: string[]
  /** Whether all of the others have answered. */
  isWhole: boolean
}

/** `applied`: what this one has applied. */
export async function furthest(
  partition: string,
  replicas: string[],
  { node, neighbours, clock }: AskingPorts,
  applied: Position,
): Promise<Further> {
  const others = replicas.filter(other => other !== node)
  const standings = await Promise.all(
    others.map(other =>
      within(clock, ANSWER_MS, neighbours.standings(other, [partition])).catch(() => new Map<string, Standing>()),
    ),
  )
  const told = others.flatMap((node, i) => {
    const standing = standings[i]!.get(partition)
    return standing ? [{ node, ...standing }] : []
  })
  const further = told.filter(there => there.applied > applied).sort((a, b) => b.applied - a.applied)
  const named = (isStopped: boolean) =>
    further.filter(there => (there.isStopped ?? false) === isStopped).map(({ node }) => node)
  return { nodes: named(false), stopped: named(true), isWhole: told.length === others.length }
}
