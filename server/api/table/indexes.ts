/** Secondary indexes as requests define them, checked, and as records keep them (facts, section 4.7, checks 7 and 8). */
import { invalidParameter } from '../../model/errors.ts'
import type { AttributeDefinition, GlobalIndexRecord, KeySchemaElement, LocalIndexRecord } from '../../model/table.ts'
import { checkMultipleKey, checkSimpleKey, duplicate } from './keys.ts'
import { checkCeilings, effectiveCeilings, initialWarmth, warm } from './ondemand.ts'
import { defineProjection } from './projection.ts'
import type { BillingMode, GlobalIndexRequest, LocalIndexRequest } from './request.ts'
import { checkIndexBilling, checkMaximum, NO_THROUGHPUT, provisioned } from './throughput.ts'

export const MAX_LOCAL_INDEXES = 5
export const MAX_GLOBAL_INDEXES = 20

export type IndexContext = {
  definitions: AttributeDefinition[]
  billingMode: BillingMode
  region: string
  uuid: () => string
}

/** The local indexes of a new table. Errors: ValidationException. */
export function defineLocalIndexes(
  requests: LocalIndexRequest[] | undefined,
  tableKey: KeySchemaElement[],
  context: IndexContext,
): LocalIndexRecord[] {
  if (requests === undefined) return []
  if (requests.length === 0) throw invalidParameter('List of LocalSecondaryIndexes is empty')
  if (tableKey.length < 2) {
    throw invalidParameter(
      'Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex',
    )
  }
  const indexes = requests.map(request => defineLocalIndex(request, tableKey, context))
  checkNames(requests)
  if (requests.length > MAX_LOCAL_INDEXES) {
    throw invalidParameter(`Number of LocalSecondaryIndexes exceeds per-table limit of ${MAX_LOCAL_INDEXES}`)
  }
  return indexes
}

function defineLocalIndex(
  { IndexName, KeySchema, Projection }: LocalIndexRequest,
  tableKey: KeySchemaElement[],
  { definitions, uuid }: IndexContext,
): LocalIndexRecord {
  checkSimpleKey(KeySchema, definitions)
  const [hash, range] = KeySchema
  if (!range) throw invalidParameter(`Index KeySchema does not have a range key for index: ${IndexName}`)
  const [own, tables] = [hash!.AttributeName, tableKey[0]!.AttributeName]
  if (own !== tables) {
    throw invalidParameter(
      `Index KeySchema does not have the same leading hash key as table KeySchema for index: ${IndexName}. index hash key: ${own}, table hash key: ${tables}`,
    )
  }
  return { id: uuid(), name: IndexName, keySchema: KeySchema, projection: defineProjection(Projection) }
}

/** The global indexes of a new table. Errors: ValidationException, LimitExceededException. */
export function defineGlobalIndexes(
  requests: GlobalIndexRequest[] | undefined,
  localIndexes: LocalIndexRecord[],
  context: IndexContext,
): GlobalIndexRecord[] {
  if (requests === undefined) return []
  if (requests.length === 0) throw invalidParameter('List of GlobalSecondaryIndexes is empty')
  const indexes = requests.map(request => {
    checkGlobalIndex(request, context.definitions)
    checkIndexBilling(context.billingMode, request.IndexName, request.ProvisionedThroughput)
    return defineGlobalIndex(request, context, 'CreateTable')
  })
  checkNames([...localIndexes.map(index => ({ IndexName: index.name })), ...requests])
  if (requests.length > MAX_GLOBAL_INDEXES) {
    throw invalidParameter(`GlobalSecondaryIndex count exceeds the per-table limit of ${MAX_GLOBAL_INDEXES}`)
  }
  return indexes
}

/** What can be said of a global index without its table. Errors: ValidationException. */
export function checkGlobalIndex(request: GlobalIndexRequest, definitions: AttributeDefinition[]): void {
  checkMultipleKey(request.KeySchema, definitions)
  defineProjection(request.Projection)
}

/** A global index, its key and billing checked already, in status CREATING and without partitions. */
export function defineGlobalIndex(
  request: GlobalIndexRequest,
  { billingMode, region, uuid }: Omit<IndexContext, 'definitions'>,
  operation: 'CreateTable' | 'UpdateTable',
): GlobalIndexRecord {
  const { IndexName, KeySchema, ProvisionedThroughput, OnDemandThroughput } = request
  const projection = defineProjection(request.Projection)
  const subject = { index: IndexName }
  checkCeilings(OnDemandThroughput, billingMode, subject, operation)
  if (ProvisionedThroughput) checkMaximum(ProvisionedThroughput, region)
  const throughput = ProvisionedThroughput ? provisioned(ProvisionedThroughput) : NO_THROUGHPUT
  return {
    id: uuid(),
    name: IndexName,
    status: 'CREATING',
    keySchema: KeySchema,
    projection,
    throughput,
    onDemandThroughput: effectiveCeilings(OnDemandThroughput),
    warmThroughput: warm(initialWarmth(billingMode, throughput), request.WarmThroughput, billingMode, subject),
    partitions: [],
  }
}

function checkNames(indexes: { IndexName: string }[]): void {
  const twice = duplicate(indexes.map(index => index.IndexName))
  if (twice !== undefined) throw invalidParameter(`Duplicate index name: ${twice}`)
}
