/** What BatchGetItem and BatchWriteItem have in common: parts of a request that may fail without failing the whole. */
import { DynamoError } from '../../model/errors.ts'
import type { TableRecord } from '../../model/table.ts'
import type { Access } from '../../telemetry/errors.ts'
import type { Call } from '../operation.ts'
import { type CapacityReport, consumedCapacity, type Units } from './consumed.ts'
import { spliceList } from './splice.ts'

export const DUPLICATE_KEYS = 'Provided list of item keys contains duplicates'

/** Errors that a client is to retry: the part of the batch that met one goes back as unprocessed. */
const RETRIED = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
  'TransactionConflictException',
  'InternalServerError',
])

/** What became of one part of a batch; `retry` if the client may send it again. */
export type Outcome<T> = { done: T } | { retry: DynamoError }

/** @throws any error that a retry would not mend */
export async function attempt<T>(work: Promise<T>): Promise<Outcome<T>> {
  try {
    return { done: await work }
  } catch (error) {
    if (error instanceof DynamoError && RETRIED.has(error.code)) return { retry: error }
    throw error
  }
}

/** Counts the parts that go back to the client. */
export function meterRetries(call: Call, table: TableRecord, access: Access, outcomes: Outcome<unknown>[]): void {
  for (const outcome of outcomes) if ('retry' in outcome) call.meter.refusedPart(table, access, outcome.retry.code)
}

/** A batch of which nothing could be done for want of capacity fails like its first part. */
export function requireProgress(outcomes: Outcome<unknown>[]): void {
  const [first] = outcomes
  if (first !== undefined && 'retry' in first && outcomes.every(isStarved)) throw first.retry
}

/** Batches do not know conflicts with transactions: they are unprocessed, were they all there is. */
function isStarved(outcome: Outcome<unknown>): boolean {
  return 'retry' in outcome && outcome.retry.code !== 'TransactionConflictException'
}

/** What a batch consumed of one table. */
export type TableShare = {
  /** The table as the request named it. */
  given: string
  table: TableRecord
  units: Units
}

/** The list of ConsumedCapacity, an entry per table; undefined if none was asked for. */
export function batchCapacity(report: CapacityReport | undefined, shares: TableShare[]): string | undefined {
  if (report === undefined || report === 'NONE') return undefined
  return spliceList(shares.map(({ given, table, units }) => consumedCapacity(report, given, table, units)!))
}
