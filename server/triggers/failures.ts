/** What the on-failure destination is told of a batch that was given up: no item data (facts, section 5.4). Pure. */
import type { Delivered } from './event.ts'

export type Condition = 'RetryAttemptsExhausted' | 'RecordAgeExceeded'

export type GivenUp = {
  condition: Condition
  /** How often the function was called with these records. */
  invocations: number
  /** The last answer. */
  status: number
  error: string | undefined
}

export type FailureSource = { functionArn: string; streamArn: string; shard: string; requestId: string; now: number }

/** `records`: at least one. */
export function failureText(records: Delivered[], givenUp: GivenUp, source: FailureSource): string {
  const { condition, invocations, status, error } = givenUp
  const { functionArn, streamArn, shard, requestId, now } = source
  const [first, last] = [records[0]!, records.at(-1)!]
  return JSON.stringify({
    requestContext: { requestId, functionArn, condition, approximateInvokeCount: invocations },
    ...(invocations > 0 && {
      responseContext: { statusCode: status, executedVersion: '$LATEST', functionError: error },
    }),
    version: '1.0',
    timestamp: new Date(now).toISOString(),
    DDBStreamBatchInfo: {
      shardId: shard,
      startSequenceNumber: first.number,
      endSequenceNumber: last.number,
      approximateArrivalOfFirstRecord: instant(first.time),
      approximateArrivalOfLastRecord: instant(last.time),
      batchSize: records.length,
      streamArn,
    },
  })
}

/** `2026-01-31T12:00:00Z` */
function instant(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`
}
