/** UpdateTable: billing mode and the table's provisioned throughput. */
import { invalidParameter } from '../../../model/errors.ts'
import type { GlobalIndexRecord, TableRecord } from '../../../model/table.ts'
import { DAY, since, spelled, subscriberLimit } from '../limits.ts'
import { initialWarmth, warmest } from '../ondemand.ts'
import type { ThroughputRequest, UpdateRequest } from '../request.ts'
import { changeThroughput, checkBilling, checkMaximum, NO_THROUGHPUT, provisioned } from '../throughput.ts'
import { type Change, type Context, updating } from './change.ts'

const MAX_SWITCHES = 4

export function changeBilling(change: Change, request: UpdateRequest, context: Context): Change {
  const { billingMode } = change.record
  const { BillingMode: mode = billingMode, ProvisionedThroughput: requested } = request
  if (mode !== billingMode) {
    return mode === 'PAY_PER_REQUEST'
      ? toPayPerRequest(change, context.now)
      : toProvisioned(change, requested!, request, context)
  }
  if (!requested) return change
  checkBilling(mode, requested)
  checkMaximum(requested, context.call.region)
  const throughput = changeThroughput(change.record.throughput, requested, {}, context.now)
  const warmThroughput = warmest(change.record.warmThroughput, initialWarmth(mode, throughput))
  return updating(change, 'THROUGHPUT', { throughput, warmThroughput })
}

function toPayPerRequest(change: Change, now: number): Change {
  const switches = since(change.record.payPerRequestSwitches, now - DAY)
  checkSwitches(switches)
  const free = <T extends TableRecord | GlobalIndexRecord>(record: T): T => ({
    ...record,
    throughput: NO_THROUGHPUT,
    warmThroughput: warmest(record.warmThroughput, initialWarmth('PAY_PER_REQUEST', NO_THROUGHPUT)),
  })
  return updating(change, 'BILLING_MODE', {
    ...free(change.record),
    globalIndexes: change.record.globalIndexes.map(free),
    billingMode: 'PAY_PER_REQUEST',
    lastUpdateToPayPerRequest: now,
    payPerRequestSwitches: [...switches, now],
  })
}

function checkSwitches(switches: number[]): void {
  if (switches.length < MAX_SWITCHES) return
  throw subscriberLimit(
    `Update to PayPerRequest mode are limited to ${MAX_SWITCHES} times in 1 day(s). Last update at ${spelled(switches.at(-1)!)}. Next update can be made at ${spelled(switches[0]! + DAY)}`,
  )
}

/** Ceilings go with the mode they belong to. The indexes' new throughput is `changeIndexes`' to set. */
function toProvisioned(
  change: Change,
  requested: ThroughputRequest,
  request: UpdateRequest,
  { call }: Context,
): Change {
  checkMaximum(requested, call.region)
  const updates = (request.GlobalSecondaryIndexUpdates ?? []).map(update => update.Update)
  const given = new Set(updates.filter(update => update?.ProvisionedThroughput).map(update => update!.IndexName))
  for (const { name, status } of change.record.globalIndexes) {
    if (status !== 'DELETING' && !given.has(name)) {
      throw invalidParameter(`ProvisionedThroughput must be specified for index: ${name}`)
    }
  }
  const throughput = provisioned(requested)
  return updating(change, 'BILLING_MODE', {
    billingMode: 'PROVISIONED',
    throughput,
    warmThroughput: warmest(change.record.warmThroughput, initialWarmth('PROVISIONED', throughput)),
    onDemandThroughput: undefined,
    globalIndexes: change.record.globalIndexes.map(index => ({ ...index, onDemandThroughput: undefined })),
  })
}
