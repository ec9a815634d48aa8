/** The event that a function gets, and what its answer says (facts, section 5.4). Texts of records are spliced in. Pure. */

/** A change on its way to a function. */
export type Delivered = {
  sequence: bigint
  /** The same, as the record shows it. */
  number: string
  /** Epoch milliseconds. */
  time: number
  /** The record, as a function gets it. */
  text: string
  /** The request that made the change, as a `traceparent`, if it was traced. */
  trace?: string
}

export type WindowPart = {
  /** Epoch milliseconds. */
  start: number
  end: number
  /** JSON text. */
  state: string
  shard: string
  streamArn: string
  isFinal: boolean
  isTerminatedEarly: boolean
}

/** More state ends its window. */
const MAX_STATE_BYTES = 1024 * 1024

export function eventText(records: Delivered[], window?: WindowPart): string {
  const list = `{"Records":[${records.map(({ text }) => text).join(',')}]`
  if (!window) return `${list}}`
  const { start, end, state, shard, streamArn, isFinal, isTerminatedEarly } = window
  return (
    `${list},"window":{"start":"${instant(start)}","end":"${instant(end)}"},"state":${state},"shardId":"${shard}",` +
    `"eventSourceARN":"${streamArn}","isFinalInvokeForWindow":${isFinal},"isWindowTerminatedEarly":${isTerminatedEarly}}`
  )
}

/** `2026-01-31T12:00:00Z` */
function instant(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`
}

/** `failedAt`: place of the first record that was not done with; the number of records if all were. */
export type Verdict = { failedAt: number; state?: string; isStateTooLarge?: boolean } | { problem: string }

/** @param body the function's answer */
export function verdictOf(body: string, records: Delivered[], wants: { failures: boolean; state: boolean }): Verdict {
  if (!wants.failures && !wants.state) return { failedAt: records.length }
  const answer = parsed(body)
  if (answer === undefined) return { problem: 'Function call failed: the answer is no JSON' }
  const members = (answer ?? {}) as { batchItemFailures?: unknown; state?: unknown }
  const failedAt = wants.failures ? firstFailure(members.batchItemFailures, records) : records.length
  if (!wants.state) return { failedAt }
  if (typeof members.state !== 'object' || members.state === null)
    return { problem: 'Function call failed: the answer has no state' }
  const state = JSON.stringify(members.state)
  return { failedAt, state, isStateTooLarge: Buffer.byteLength(state) > MAX_STATE_BYTES }
}

/** What makes no sense means that nothing was done. */
function firstFailure(failures: unknown, records: Delivered[]): number {
  if (failures === undefined || failures === null) return records.length
  if (!Array.isArray(failures)) return 0
  let first = records.length
  for (const failure of failures as unknown[]) {
    const place = records.findIndex(
      ({ number }) => number === (failure as { itemIdentifier?: unknown })?.itemIdentifier,
    )
    if (place < 0) return 0
    first = Math.min(first, place)
  }
  return first
}

/** Null for no body at all. */
function parsed(body: string): unknown {
  if (body.trim() === '') return null
  try {
    return JSON.parse(body) as unknown
  } catch {
    return undefined
  }
}
