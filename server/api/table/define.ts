/** From what CreateTable asks for to the record of a new table (facts, section 4.7). */
import { validation } from '../../model/errors.ts'
import type { GlobalIndexRecord, KeySchemaElement, LocalIndexRecord, TableRecord } from '../../model/table.ts'
import type { Call } from '../operation.ts'
import { canonicalPolicy } from '../policy/document.ts'
import { defineEncryption } from './encryption.ts'
import { defineGlobalIndexes, defineLocalIndexes } from './indexes.ts'
import { checkAllUsed, checkDefinitions, checkSimpleKey } from './keys.ts'
import { checkCeilings, effectiveCeilings, initialWarmth, warm } from './ondemand.ts'
import { checkNonKeyAttributes } from './projection.ts'
import type { CreateRequest } from './request.ts'
import { defineStream } from './stream.ts'
import { checkTags, mergeTags } from './tags.ts'
import { checkBilling, checkMaximum, NO_THROUGHPUT, provisioned } from './throughput.ts'

type Keys = Pick<TableRecord, 'attributeDefinitions' | 'keySchema'>
type Indexes = { localIndexes: LocalIndexRecord[]; globalIndexes: GlobalIndexRecord[] }

/**
 * The record of the table `name` in status CREATING, without partitions.
 * Errors: ValidationException for the first rule that the request breaks, in DynamoDB's order; LimitExceededException.
 */
export function defineTable(name: string, request: CreateRequest, call: Call): TableRecord {
  checkBilling(request.BillingMode ?? 'PROVISIONED', request.ProvisionedThroughput)
  const keys = defineKeys(request)
  const indexes = defineIndexes(request, keys, call)
  const now = call.cluster.now()
  const stream = defineStream(request.StreamSpecification, now, call.streams.list(name).at(-1)?.label)
  checkTags(request.Tags ?? [])
  return {
    id: call.cluster.uuid(),
    name,
    status: 'CREATING',
    createdAt: now,
    ...keys,
    ...indexes,
    ...stream,
    sse: defineEncryption(request.SSESpecification, call),
    ...defineThroughput(request, call.region, now),
    tableClass:
      request.TableClass === 'STANDARD_INFREQUENT_ACCESS' ? { class: request.TableClass, updates: [] } : undefined,
    deletionProtection: request.DeletionProtectionEnabled ?? false,
    tags: mergeTags([], request.Tags ?? []),
    resourcePolicy: definePolicy(request.ResourcePolicy, now),
    partitions: [],
  }
}

function defineKeys(request: CreateRequest): Keys {
  const { AttributeDefinitions = [], KeySchema } = request
  if (KeySchema === undefined) throw missing('keySchema')
  checkDefinitions(AttributeDefinitions, KeySchema)
  checkSimpleKey(KeySchema, AttributeDefinitions)
  checkAllUsed(AttributeDefinitions, KeySchema, indexKeys(request))
  return { attributeDefinitions: AttributeDefinitions, keySchema: KeySchema }
}

/** Undefined for a table without indexes. */
function indexKeys({ LocalSecondaryIndexes, GlobalSecondaryIndexes }: CreateRequest): KeySchemaElement[] | undefined {
  if (!LocalSecondaryIndexes && !GlobalSecondaryIndexes) return undefined
  return [...(LocalSecondaryIndexes ?? []), ...(GlobalSecondaryIndexes ?? [])].flatMap(index => index.KeySchema)
}

function defineIndexes(request: CreateRequest, { attributeDefinitions, keySchema }: Keys, call: Call): Indexes {
  const context = {
    definitions: attributeDefinitions,
    billingMode: request.BillingMode ?? 'PROVISIONED',
    region: call.region,
    uuid: () => call.cluster.uuid(),
  }
  const localIndexes = defineLocalIndexes(request.LocalSecondaryIndexes, keySchema, context)
  const globalIndexes = defineGlobalIndexes(request.GlobalSecondaryIndexes, localIndexes, context)
  checkNonKeyAttributes([...localIndexes, ...globalIndexes])
  return { localIndexes, globalIndexes }
}

function defineThroughput(request: CreateRequest, region: string, now: number) {
  const { BillingMode = 'PROVISIONED', ProvisionedThroughput, OnDemandThroughput, WarmThroughput } = request
  checkCeilings(OnDemandThroughput, BillingMode, {}, 'CreateTable')
  if (ProvisionedThroughput) checkMaximum(ProvisionedThroughput, region)
  const throughput = ProvisionedThroughput ? provisioned(ProvisionedThroughput) : NO_THROUGHPUT
  return {
    billingMode: BillingMode,
    lastUpdateToPayPerRequest: BillingMode === 'PAY_PER_REQUEST' ? now : undefined,
    throughput,
    onDemandThroughput: effectiveCeilings(OnDemandThroughput),
    warmThroughput: warm(initialWarmth(BillingMode, throughput), WarmThroughput, BillingMode, {}),
  }
}

function definePolicy(text: string | undefined, now: number): TableRecord['resourcePolicy'] {
  return text === undefined ? undefined : { document: canonicalPolicy(text), revisionId: String(now) }
}

/** Optional in the API model for the sake of global tables, which take it from their source. */
function missing(member: string) {
  return validation(
    `1 validation error detected: Value null at '${member}' failed to satisfy constraint: Member must not be null`,
  )
}
