/** A change of a table on its way through the steps of UpdateTable. */
import type { TableRecord, UpdateCause } from '../../../model/table.ts'
import type { Call } from '../../operation.ts'
import type { ShownTable } from '../describe.ts'
import type { UpdateRequest } from '../request.ts'

export type Change = {
  /** The table as it shall be. */
  record: TableRecord
  /** The table as the response shows it: largely as it was, for DynamoDB answers before the work is done. */
  shown: ShownTable
}

export type Context = {
  call: Call
  /** Epoch milliseconds. */
  now: number
}

/** Makes its part of the change, if the request asks for it. Errors: whatever refuses that part. */
export type Step = (change: Change, request: UpdateRequest, context: Context) => Change

/** A change that has the table UPDATING. `shown`: what the response already shows of it. */
export function updating(
  change: Change,
  cause: UpdateCause,
  record: Partial<TableRecord>,
  shown: Partial<TableRecord> = {},
): Change {
  return {
    record: { ...change.record, ...record, status: 'UPDATING', updating: cause },
    shown: { ...change.shown, ...shown, status: 'UPDATING' },
  }
}

/** A change that is done at once, and shows; with `underWay`, as if it still went on. */
export function done(change: Change, record: Partial<TableRecord>, underWay?: ShownTable['underWay']): Change {
  return { record: { ...change.record, ...record }, shown: { ...change.shown, ...record, underWay } }
}
