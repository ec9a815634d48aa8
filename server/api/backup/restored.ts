/** From a table as it was, and what a restore wants otherwise, to the record of the new table (facts, section 9.3). */
import { isDeepStrictEqual } from 'node:util'
import { validation } from '../../model/errors.ts'
import type {
  Filling,
  GlobalIndexRecord,
  LocalIndexRecord,
  OnDemandThroughput,
  ProvisionedThroughput,
  TableRecord,
} from '../../model/table.ts'
import type { Call } from '../operation.ts'
import {
  billingMode,
  globalSecondaryIndexes,
  localSecondaryIndexes,
  onDemandThroughput,
  provisionedThroughput,
  sseSpecification,
} from '../shape/common.ts'
import { defineEncryption } from '../table/encryption.ts'
import { names } from '../table/keys.ts'
import { checkCeilings, effectiveCeilings, initialWarmth } from '../table/ondemand.ts'
import { defineProjection } from '../table/projection.ts'
import type {
  BillingMode,
  EncryptionRequest,
  GlobalIndexRequest,
  LocalIndexRequest,
  ThroughputRequest,
} from '../table/request.ts'
import { checkBounds, checkMaximum, NO_THROUGHPUT, provisioned } from '../table/throughput.ts'
import { anyList } from '../table/unsupported.ts'

/** Members that both kinds of restore have. */
export const overrides = {
  BillingModeOverride: billingMode,
  GlobalSecondaryIndexOverride: globalSecondaryIndexes,
  LocalSecondaryIndexOverride: localSecondaryIndexes,
  ProvisionedThroughputOverride: provisionedThroughput,
  OnDemandThroughputOverride: onDemandThroughput,
  SSESpecificationOverride: sseSpecification,
  VectorIndexOverride: anyList,
}

export type Overrides = {
  BillingModeOverride?: BillingMode
  GlobalSecondaryIndexOverride?: GlobalIndexRequest[]
  LocalSecondaryIndexOverride?: LocalIndexRequest[]
  ProvisionedThroughputOverride?: ThroughputRequest
  OnDemandThroughputOverride?: OnDemandThroughput
  SSESpecificationOverride?: EncryptionRequest
}

/** The record of the new table, CREATING and without partitions, to be filled. Errors: ValidationException, LimitExceededException. */
export function defineRestored(
  name: string,
  source: TableRecord,
  request: Overrides,
  filling: Filling,
  call: Call,
): TableRecord {
  const now = call.cluster.now()
  const mode = request.BillingModeOverride ?? source.billingMode
  const throughput = restoredThroughput(source, mode, request, call.region)
  const localIndexes = restoredLocals(source, request.LocalSecondaryIndexOverride, call)
  const globalIndexes = restoredGlobals(source, request.GlobalSecondaryIndexOverride, mode, throughput, call)
  const keys = [source, ...localIndexes, ...globalIndexes].flatMap(({ keySchema }) => names(keySchema))
  const ceilings = request.OnDemandThroughputOverride
  checkCeilings(ceilings, mode, {}, 'CreateTable')
  const kept = mode === 'PAY_PER_REQUEST' ? source.onDemandThroughput : undefined
  return {
    id: call.cluster.uuid(),
    name,
    status: 'CREATING',
    createdAt: now,
    attributeDefinitions: source.attributeDefinitions.filter(definition => keys.includes(definition.AttributeName)),
    keySchema: source.keySchema,
    localIndexes,
    globalIndexes,
    billingMode: mode,
    lastUpdateToPayPerRequest: mode === 'PAY_PER_REQUEST' ? now : undefined,
    throughput,
    onDemandThroughput: ceilings ? effectiveCeilings(ceilings) : kept,
    warmThroughput: initialWarmth(mode, throughput),
    deletionProtection: false,
    sse: request.SSESpecificationOverride ? defineEncryption(request.SSESpecificationOverride, call) : source.sse,
    tags: [],
    partitions: [],
    filling,
  }
}

function restoredThroughput(
  source: TableRecord,
  mode: BillingMode,
  { BillingModeOverride, ProvisionedThroughputOverride: requested }: Overrides,
  region: string,
): ProvisionedThroughput {
  if (requested && mode !== 'PROVISIONED') {
    throw validation('Cannot override ProvisionedThroughput unless BillingMode is PROVISIONED')
  }
  if (!requested && BillingModeOverride === 'PROVISIONED') {
    throw validation('Must override ProvisionedThroughput if BillingMode is overridden to PROVISIONED')
  }
  if (requested) {
    checkBounds(requested)
    checkMaximum(requested, region)
    return provisioned(requested)
  }
  return mode === 'PROVISIONED' ? unitsOf(source.throughput) : NO_THROUGHPUT
}

function restoredLocals(source: TableRecord, wanted: LocalIndexRequest[] | undefined, call: Call): LocalIndexRecord[] {
  const kept = wanted ? wanted.map(request => matching(source.localIndexes, request)) : source.localIndexes
  return kept.map(index => ({ ...index, id: call.cluster.uuid() }))
}

/** An index without a throughput of its own, in a table that is provisioned now, gets the table's. */
function restoredGlobals(
  source: TableRecord,
  wanted: GlobalIndexRequest[] | undefined,
  mode: BillingMode,
  table: ProvisionedThroughput,
  call: Call,
): GlobalIndexRecord[] {
  const live = source.globalIndexes.filter(index => index.status !== 'DELETING')
  const requests = wanted ?? live.map(() => undefined)
  return requests.map((request, i) => {
    const { name, keySchema, projection, ...index } = request ? matching(live, request) : live[i]!
    const own = request?.ProvisionedThroughput ? provisioned(request.ProvisionedThroughput) : unitsOf(index.throughput)
    const throughput = mode === 'PROVISIONED' ? (own.read > 0 ? own : table) : NO_THROUGHPUT
    const ceilings = request?.OnDemandThroughput
    checkCeilings(ceilings, mode, { index: name }, 'CreateTable')
    const kept = mode === 'PAY_PER_REQUEST' ? index.onDemandThroughput : undefined
    return {
      id: call.cluster.uuid(),
      name,
      status: 'CREATING',
      keySchema,
      projection,
      throughput,
      onDemandThroughput: ceilings ? effectiveCeilings(ceilings) : kept,
      warmThroughput: initialWarmth(mode, throughput),
      partitions: [],
    }
  })
}

/** Errors: ValidationException if the source has no such index. */
function matching<I extends LocalIndexRecord>(indexes: I[], request: LocalIndexRequest): I {
  const projection = defineProjection(request.Projection)
  const found = indexes.find(
    index =>
      index.name === request.IndexName &&
      isDeepStrictEqual(index.keySchema, request.KeySchema) &&
      isDeepStrictEqual(index.projection, projection),
  )
  if (found) return found
  throw validation(
    `Index ${request.IndexName} does not match a secondary index that existed in the source table and cannot be created during the restore operation`,
  )
}

function unitsOf({ read, write }: ProvisionedThroughput): ProvisionedThroughput {
  return { read, write }
}
