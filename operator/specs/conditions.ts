/** Conditions: what holds of a resource, since when, and why. Pure. */
import type { Condition } from '../kube/objects.ts'

export type Finding = { status: boolean | 'Unknown'; reason: string; message: string }

/** The conditions with those of `findings` as found; the time changes only with the status. `now`: epoch milliseconds. */
export function withFindings(
  before: Condition[],
  findings: { [type: string]: Finding },
  generation: number,
  now: number,
): Condition[] {
  const others = before.filter(({ type }) => !Object.hasOwn(findings, type))
  const found = Object.entries(findings).map(([type, { status: holds, reason, message }]): Condition => {
    const status = holds === 'Unknown' ? 'Unknown' : holds ? 'True' : 'False'
    const last = before.find(condition => condition.type === type)
    const lastTransitionTime = last?.status === status ? last.lastTransitionTime : timeOf(now)
    return { type, status, reason, message, observedGeneration: generation, lastTransitionTime }
  })
  return [...others, ...found].sort((a, b) => (a.type < b.type ? -1 : 1))
}

/** As Kubernetes writes times, to the second. */
export function timeOf(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z')
}
