/** Provisioned throughput of a table or a global index: what may be asked for, and how often it may be lowered. */
import { dynamo, invalidParameter, validation } from '../../model/errors.ts'
import type { ProvisionedThroughput } from '../../model/table.ts'
import { HOUR, MORE, SECOND, since, spelled, startOfDay, subscriberLimit, TABLE_MAXIMUM } from './limits.ts'
import type { BillingMode, ThroughputRequest } from './request.ts'

const FREE_DECREASES = 4
const MAX_UNITS = 1e12

/** What an on-demand table has. */
export const NO_THROUGHPUT: ProvisionedThroughput = { read: 0, write: 0 }

/** The texts' name for a table or an index: `table`, `index I`. */
export type Subject = { index?: string }

/** A table's throughput against its billing mode, before anything is known of the table. */
export function checkBilling(mode: BillingMode, requested: ThroughputRequest | undefined): void {
  if (mode === 'PAY_PER_REQUEST' && requested) {
    throw invalidParameter(
      'Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST',
    )
  }
  if (mode === 'PROVISIONED' && !requested) {
    throw invalidParameter(
      'ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED',
    )
  }
  if (requested) checkBounds(requested)
}

/** An index's throughput against the billing mode of the table it is created with. */
export function checkIndexBilling(mode: BillingMode, index: string, requested: ThroughputRequest | undefined): void {
  if (mode === 'PAY_PER_REQUEST' && requested) {
    throw invalidParameter(
      `ProvisionedThroughput should not be specified for index: ${index} when BillingMode is PAY_PER_REQUEST`,
    )
  }
  if (mode === 'PROVISIONED' && !requested) {
    throw invalidParameter(`ProvisionedThroughput is not specified for index: ${index}`)
  }
  if (requested) checkBounds(requested)
}

export function checkBounds(requested: ThroughputRequest): void {
  for (const member of ['ReadCapacityUnits', 'WriteCapacityUnits'] as const) {
    if (requested[member] > MAX_UNITS)
      throw validation(`Given value ${requested[member]} for ${member} is out of bounds`)
  }
}

/** Errors: LimitExceededException beyond what one table or index may have. */
export function checkMaximum(requested: ThroughputRequest, region: string): void {
  for (const member of ['ReadCapacityUnits', 'WriteCapacityUnits'] as const) {
    if (requested[member] <= TABLE_MAXIMUM) continue
    throw dynamo(
      'LimitExceededException',
      `The requested ${member}, ${requested[member]}, is above the per table maximum for the account in ${region}. Per table maximum: ${TABLE_MAXIMUM}. ${MORE}`,
    )
  }
}

export function provisioned(requested: ThroughputRequest): ProvisionedThroughput {
  return { read: requested.ReadCapacityUnits, write: requested.WriteCapacityUnits }
}

/**
 * The throughput after a change.
 * Errors: ValidationException if nothing changes; LimitExceededException for too many decreases in one UTC day.
 */
export function changeThroughput(
  current: ProvisionedThroughput,
  requested: ThroughputRequest,
  subject: Subject,
  now: number,
): ProvisionedThroughput {
  const { read, write } = provisioned(requested)
  if (read === current.read && write === current.write) throw unchanged(current, subject)
  const next = { ...current, read, write }
  if (read > current.read || write > current.write) next.lastIncrease = now
  if (read < current.read || write < current.write) {
    const today = since(current.decreases, startOfDay(now))
    checkDecreases(today, now)
    next.lastDecrease = now
    next.decreases = [...today, now]
  }
  return next
}

function checkDecreases(today: number[], now: number): void {
  const last = today.at(-1)
  if (today.length < FREE_DECREASES || last === undefined || now >= last + HOUR) return
  throw subscriberLimit(
    `Provisioned throughput decreases are limited within a given UTC day. After the first ${FREE_DECREASES} decreases, each subsequent decrease in the same UTC day can be performed at most once every ${HOUR / SECOND} seconds. Number of decreases today: ${today.length}. Last decrease at ${spelled(last)}. Next decrease can be made at ${spelled(last + HOUR)}`,
  )
}

function unchanged({ read, write }: ProvisionedThroughput, { index }: Subject) {
  const which = index === undefined ? 'table' : `index ${index}`
  const kind = index === undefined ? 'table' : 'index'
  return validation(
    `The provisioned throughput for the ${which} will not change. The requested value equals the current value. ` +
      `Current ReadCapacityUnits provisioned for the ${kind}: ${read}. Requested ReadCapacityUnits: ${read}. ` +
      `Current WriteCapacityUnits provisioned for the ${kind}: ${write}. Requested WriteCapacityUnits: ${write}. ${MORE}`,
  )
}
