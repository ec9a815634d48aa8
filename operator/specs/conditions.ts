/** Conditions: what holds of a resource, since when, and why. Pure. */
import type { Condition } from '../kube/objects.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
/** A change that is published should not wait for longer. */
const LONGEST_WAIT_MS = MINUTE_MS

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

/** Of a table whose changes go to NATS. */
export function delayOf(publishLagMs: number): Finding {
  if (publishLagMs < LONGEST_WAIT_MS)
    return { status: false, reason: 'Published', message: 'Changes are on NATS as soon as they are made.' }
  const message = `The oldest change that is not on NATS yet was made ${lagText(publishLagMs)} ago. Nothing is lost; see whether NATS is there, and has room.`
  return { status: true, reason: 'WaitingForNats', message }
}

/** As short as kubectl's: `12s`, `3m`, `2h`. */
export function lagText(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.max(0, Math.floor(ms / SECOND_MS))}s`
  return ms < HOUR_MS ? `${Math.floor(ms / MINUTE_MS)}m` : `${Math.floor(ms / HOUR_MS)}h`
}

/** As Kubernetes writes times, to the second. */
export function timeOf(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z')
}
