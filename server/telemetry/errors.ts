/** What an error counts as, by its code (facts, section 10). */
import type { DynamoError } from '../model/errors.ts'
import type { TableSeries } from './series.ts'

export type Access = 'read' | 'write'

const THROTTLES = new Set(['ProvisionedThroughputExceededException', 'RequestLimitExceeded', 'ThrottlingException'])
const CONDITION_FAILED = 'ConditionalCheckFailedException'
const CONFLICT = 'TransactionConflictException'

/** A refused request of these is one refused item; the others tell of each of their parts. */
const SINGLE: ReadonlyMap<string, Access> = new Map([
  ['GetItem', 'read'],
  ['Query', 'read'],
  ['Scan', 'read'],
  ['PutItem', 'write'],
  ['UpdateItem', 'write'],
  ['DeleteItem', 'write'],
])

/** Counts a request that failed. `tables`: those it touched, at least one. */
export function countError(tables: TableSeries[], operation: string | undefined, error: DynamoError): void {
  const first = tables[0]!
  if (error.code === CONDITION_FAILED) {
    first.conditionalCheckFailures += 1
    first.written.table += error.consumed ?? 0
    return
  }
  const access = SINGLE.get(operation ?? '')
  if (access) countRefusedPart(first, access, error.code)
  if (THROTTLES.has(error.code)) for (const series of tables) series.operation(operation).throttled += 1
  else if (error.status >= 500) for (const series of tables) series.operation(operation).systemErrors += 1
  else first.operation(operation).userErrors += 1
}

/** Counts an item that was refused, be it all of the request or a part of it. */
export function countRefusedPart(series: TableSeries, access: Access, code: string): void {
  if (code === CONFLICT) series.transactionConflicts += 1
  else if (!THROTTLES.has(code)) return
  else if (access === 'read') series.readThrottleEvents += 1
  else series.writeThrottleEvents += 1
}
