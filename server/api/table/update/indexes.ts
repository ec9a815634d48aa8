/** UpdateTable: global indexes made, removed, or given other throughput. */
import { invalidParameter, resourceNotFound, validation } from '../../../model/errors.ts'
import type { GlobalIndexRecord, TableRecord } from '../../../model/table.ts'
import { defineGlobalIndex, MAX_GLOBAL_INDEXES } from '../indexes.ts'
import { inUse } from '../inuse.ts'
import { subscriberLimit } from '../limits.ts'
import { checkCeilings, effectiveCeilings, initialWarmth, warm, warmest } from '../ondemand.ts'
import { checkNonKeyAttributes } from '../projection.ts'
import type { GlobalIndexRequest, IndexThroughputRequest, ThroughputRequest, UpdateRequest } from '../request.ts'
import { changeThroughput, checkMaximum, provisioned } from '../throughput.ts'
import { type Change, type Context, done, updating } from './change.ts'
import { mergeDefinitions, usedDefinitions } from './definitions.ts'
import { onlyOneOnline } from './request.ts'

export function changeIndexes(change: Change, request: UpdateRequest, context: Context): Change {
  const updates = request.GlobalSecondaryIndexUpdates ?? []
  return updates.reduce((soFar, { Create, Update, Delete }) => {
    if (Create) return create(soFar, Create, request, context)
    if (Delete) return remove(soFar, Delete.IndexName)
    return Update ? changeIndex(soFar, Update, context) : soFar
  }, change)
}

function create(change: Change, requested: GlobalIndexRequest, request: UpdateRequest, { call }: Context): Change {
  const { record } = change
  const { IndexName: name, ProvisionedThroughput } = requested
  if ([...record.localIndexes, ...record.globalIndexes].some(index => index.name === name)) {
    throw validation('Attempting to create an index which already exists')
  }
  checkIdle(record)
  if (record.globalIndexes.length >= MAX_GLOBAL_INDEXES) {
    throw subscriberLimit(`Number of global secondary indexes exceeds per-table limit of ${MAX_GLOBAL_INDEXES}`)
  }
  const definitions = mergeDefinitions(record, request.AttributeDefinitions ?? [])
  checkBilling(record, name, ProvisionedThroughput)
  if (record.billingMode === 'PROVISIONED' && !ProvisionedThroughput) {
    throw invalidParameter(`ProvisionedThroughput is not specified for index: ${name}`)
  }
  const context = { billingMode: record.billingMode, region: call.region, uuid: () => call.cluster.uuid() }
  const index = { ...defineGlobalIndex(requested, context, 'UpdateTable'), backfilling: false }
  checkNonKeyAttributes([...record.localIndexes, ...record.globalIndexes, index])
  return withIndexes(change, [...record.globalIndexes, index], definitions)
}

function remove(change: Change, name: string): Change {
  const { record } = change
  if (record.localIndexes.some(index => index.name === name)) {
    throw validation(`Cannot delete an index that is not a GlobalSecondaryIndex: ${name}`)
  }
  const index = findIndex(record, name)
  if (index.status === 'CREATING' && !index.backfilling) {
    throw inUse(
      `Index creation is in resource allocation phase. Retry deletion during backfilling phase or when the index is active. Table: ${record.name} Index: ${name}`,
    )
  }
  checkIdle({ ...record, globalIndexes: record.globalIndexes.filter(other => other !== index) })
  const deleting: GlobalIndexRecord = { ...index, status: 'DELETING', backfilling: undefined }
  return withIndexes(change, replaced(record.globalIndexes, deleting), record.attributeDefinitions)
}

function changeIndex(change: Change, requested: IndexThroughputRequest, { call, now }: Context): Change {
  const { record, shown } = change
  const { IndexName: name, ProvisionedThroughput, OnDemandThroughput, WarmThroughput } = requested
  if (!ProvisionedThroughput && !OnDemandThroughput && !WarmThroughput) {
    throw nothingToChange(record, name)
  }
  if (record.localIndexes.some(index => index.name === name)) {
    throw validation(`Cannot update an index that is not a GlobalSecondaryIndex: ${name}`)
  }
  const index = findIndex(record, name)
  if (index.status === 'CREATING' && !index.backfilling) {
    throw inUse(`Index is being created but is not backfilling yet. Table: ${record.name} Index: ${name}`)
  }
  checkBilling(record, name, ProvisionedThroughput)
  checkCeilings(OnDemandThroughput, record.billingMode, { index: name }, 'UpdateTable')
  const next = { ...index }
  if (ProvisionedThroughput) {
    checkMaximum(ProvisionedThroughput, call.region)
    const switching = shown.billingMode !== record.billingMode
    next.throughput = switching
      ? provisioned(ProvisionedThroughput)
      : changeThroughput(index.throughput, ProvisionedThroughput, { index: name }, now)
    next.warmThroughput = warmest(index.warmThroughput, initialWarmth(record.billingMode, next.throughput))
  }
  if (OnDemandThroughput) {
    next.onDemandThroughput = effectiveCeilings({ ...index.onDemandThroughput, ...OnDemandThroughput })
  }
  next.warmThroughput = warm(next.warmThroughput, WarmThroughput, 'CURRENT', { index: name })
  const globalIndexes = replaced(record.globalIndexes, next)
  if (!ProvisionedThroughput && !OnDemandThroughput) return done(change, { globalIndexes })
  return updating(change, ProvisionedThroughput ? 'THROUGHPUT' : 'ON_DEMAND', { globalIndexes })
}

function nothingToChange(table: TableRecord, name: string) {
  return table.billingMode === 'PROVISIONED'
    ? invalidParameter(`Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: ${name}`)
    : invalidParameter(
        `The only Updates for index: ${name} when TableThroughputMode is PAY_PER_REQUEST can be to OnDemandThroughput, WarmThroughput`,
      )
}

/** Which indexes there are, and in which status, shows at once. */
function withIndexes(
  change: Change,
  globalIndexes: GlobalIndexRecord[],
  definitions: TableRecord['attributeDefinitions'],
) {
  const attributeDefinitions = usedDefinitions({ ...change.record, globalIndexes }, definitions)
  const next = { globalIndexes, attributeDefinitions }
  return updating(change, 'INDEX', next, next)
}

/** Errors: LimitExceededException while an index is being made or removed. */
function checkIdle(table: TableRecord): void {
  if (table.globalIndexes.some(index => index.status === 'CREATING' || index.status === 'DELETING')) {
    throw onlyOneOnline()
  }
}

function checkBilling(table: TableRecord, name: string, requested: ThroughputRequest | undefined): void {
  if (requested && table.billingMode === 'PAY_PER_REQUEST') {
    throw invalidParameter(
      `Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: ${name} when BillingMode is PAY_PER_REQUEST`,
    )
  }
}

/** Errors: ResourceNotFoundException; ResourceInUseException for an index on its way out. */
function findIndex(table: TableRecord, name: string): GlobalIndexRecord {
  const index = table.globalIndexes.find(index => index.name === name)
  if (!index) throw resourceNotFound(`Requested resource not found: Index ${name} for table ${table.name}`)
  if (index.status === 'DELETING') throw inUse(`Index is being deleted. Table: ${table.name} Index: ${name}`)
  return index
}

function replaced(indexes: GlobalIndexRecord[], index: GlobalIndexRecord): GlobalIndexRecord[] {
  return indexes.map(other => (other.name === index.name ? index : other))
}
