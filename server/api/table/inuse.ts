/** ResourceInUseException: what a table refuses while something else is being done to it (facts, section 4.8). */
import { type DynamoError, dynamo } from '../../model/errors.ts'
import type { TableRecord, UpdateCause } from '../../model/table.ts'

/** `Attempt to change a resource which is still in use: <message>`. */
export function inUse(message: string): DynamoError {
  return dynamo('ResourceInUseException', `Attempt to change a resource which is still in use: ${message}`)
}

/** Errors: ResourceInUseException for a table that is not quite there, or on its way out. */
export function checkExists(table: TableRecord): void {
  if (table.status === 'CREATING') throw inUse(`Table is being created: ${table.name}`)
  if (table.status === 'DELETING') throw inUse(`Table is being deleted: ${table.name}`)
}

/**
 * Errors: ResourceInUseException for a change of the kind `wanted` that has to wait for another to end. Changes of
 * indexes wait for one another each in a way of its own, which is not looked at here.
 */
export function checkFree(table: TableRecord, wanted: UpdateCause): void {
  const creating = table.globalIndexes.filter(index => index.status === 'CREATING').map(index => index.name)
  if (wanted === 'THROUGHPUT' && creating.length > 0) {
    throw inUse(
      `Can't change table IOPS when an index is being created. Table: ${table.name} Indexes: [${creating.join(', ')}]`,
    )
  }
  if (wanted === 'INDEX' && table.updating === 'INDEX') return
  if (table.status === 'UPDATING') throw inUse(conflict(table, wanted))
}

/** Errors: ResourceInUseException for a table that cannot be deleted yet. */
export function checkDeletable(table: TableRecord): void {
  if (table.globalIndexes.some(index => index.status !== 'ACTIVE')) {
    throw inUse('Cannot delete table while indexes are being created, updated, or deleted.')
  }
  if (table.status !== 'UPDATING') return
  throw table.updating === 'STREAM'
    ? inUse('Cannot delete table while stream is being enabled/disabled.')
    : inUse(updating(table))
}

function conflict(table: TableRecord, wanted: UpdateCause): string {
  const { name, updating: current } = table
  if (current === 'THROUGHPUT' && wanted === 'THROUGHPUT') {
    return `Table IOPS are currently being updated. Table: ${name}`
  }
  if (current === 'THROUGHPUT' && wanted === 'STREAM') {
    return `Can't enable or disable stream while table IOPS are being updated. Table: ${name}`
  }
  if (current === 'STREAM') return duringStreamChange(table, wanted)
  if (current === 'TABLE_CLASS' && wanted === 'TABLE_CLASS') {
    return `Can't update table class when a table class update is in progress. Table: ${name}`
  }
  if (current === 'BILLING_MODE' && wanted === 'ON_DEMAND') {
    return 'OnDemandThroughput cannot be updated while BillingMode update is in progress'
  }
  return updating(table)
}

function duringStreamChange(table: TableRecord, wanted: UpdateCause): string {
  const operation = table.stream ? 'ENABLE' : 'DISABLE'
  const stream = `Table: ${table.name} Stream: ${table.latestStreamLabel} Operation: ${operation}`
  switch (wanted) {
    case 'THROUGHPUT':
      return `Can't change table IOPS when stream status is being updated. ${stream}`
    case 'STREAM':
      return `A stream status change is currently in progress. ${stream}`
    case 'TABLE_CLASS':
      return `Can't update table class when stream status is being updated. ${stream}`
    case 'ON_DEMAND':
      return 'OnDemandThroughput cannot be updated while stream status update is in progress'
    default:
      return updating(table)
  }
}

function updating(table: TableRecord): string {
  return `Table: ${table.name} is in the process of being updated.`
}
