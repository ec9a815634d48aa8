/** Checks of an UpdateTable request that need no table: which changes may go together, and how they are spelled. */
import { type DynamoError, invalidParameter, validation } from '../../../model/errors.ts'
import type { Call } from '../../operation.ts'
import { defineEncryption } from '../encryption.ts'
import { checkGlobalIndex } from '../indexes.ts'
import { duplicate } from '../keys.ts'
import { subscriberLimit } from '../limits.ts'
import type { IndexUpdateRequest, StreamRequest, UpdateRequest } from '../request.ts'
import { checkBilling, checkBounds } from '../throughput.ts'
import { checkReplicaUpdates } from './replicas.ts'

const CHANGES = [
  'ProvisionedThroughput',
  'BillingMode',
  'StreamSpecification',
  'GlobalSecondaryIndexUpdates',
  'SSESpecification',
  'ReplicaUpdates',
  'TableClass',
  'DeletionProtectionEnabled',
  'OnDemandThroughput',
  'WarmThroughput',
  'GlobalTableSettingsReplicationMode',
] as const

/** Changes that tolerate no other, the more jealous first, and what their refusals call them. */
const LONERS = {
  ReplicaUpdates: 'Replica modification',
  SSESpecification: 'Server-Side Encryption modification',
  TableClass: 'TableClass modification',
  DeletionProtectionEnabled: 'DeletionProtection modification',
  WarmThroughput: 'WarmThroughput',
} as const

/** What a request without any change is told to choose from: DynamoDB's own names, some of them not public. */
const CHOICES = [
  'ProvisionedThroughput',
  'BillingMode',
  'UpdateStreamEnabled',
  'GlobalSecondaryIndexUpdates',
  'SSESpecification',
  'ReplicaUpdates',
  'MultiAccountReplicaReady',
  'ReplicaTransitRoleArn',
  'MultiRegionConsistency',
  'DeletionProtectionEnabled',
  'OnDemandThroughput',
  'WarmThroughput',
]

/** Without what amounts to nothing: a list without updates, limits without a number. */
export function withoutEmpty(request: UpdateRequest): UpdateRequest {
  const { GlobalSecondaryIndexUpdates: updates, OnDemandThroughput, WarmThroughput } = request
  return {
    ...request,
    GlobalSecondaryIndexUpdates: updates?.length === 0 ? undefined : updates,
    OnDemandThroughput: isEmpty(OnDemandThroughput) ? undefined : OnDemandThroughput,
    WarmThroughput: isEmpty(WarmThroughput) ? undefined : WarmThroughput,
  }
}

/** Errors: ValidationException; LimitExceededException for several indexes at once. */
export function checkUpdateRequest(request: UpdateRequest, call: Call): void {
  checkTogether(request)
  checkThroughput(request)
  if (request.StreamSpecification) checkStream(request.StreamSpecification)
  checkIndexUpdates(request)
  checkReplicaUpdates(request)
  defineEncryption(request.SSESpecification, call)
}

/** Creations and deletions of indexes, as against changes of their throughput. */
export function isOnline(update: IndexUpdateRequest): boolean {
  return update.Create !== undefined || update.Delete !== undefined
}

function checkTogether(request: UpdateRequest): void {
  const given = CHANGES.filter(member => request[member] !== undefined)
  if (given.length === 0) throw nothingGiven(request)
  if (given.length > 1) checkLoners(request)
  if (request.OnDemandThroughput && given.some(member => member !== 'OnDemandThroughput' && member !== 'BillingMode')) {
    throw invalidParameter('OnDemandThroughput can only be combined with BillingMode in an UpdateTable request')
  }
  const online = request.GlobalSecondaryIndexUpdates?.some(isOnline)
  const stream = request.StreamSpecification !== undefined
  const throughput = request.ProvisionedThroughput !== undefined
  if (stream && (throughput || request.BillingMode === 'PROVISIONED')) {
    throw invalidParameter('You cannot modify stream status while updating table IOPS')
  }
  if (online && throughput) throw invalidParameter('You cannot create or delete index while updating table IOPS')
  if (online && stream) throw invalidParameter('You cannot create or delete index while changing stream status')
}

/** Errors: ValidationException if one of several changes has to be the only one. */
function checkLoners(request: UpdateRequest): void {
  const loner = (Object.keys(LONERS) as (keyof typeof LONERS)[]).find(member => request[member] !== undefined)
  if (loner === undefined) return
  if (loner === 'ReplicaUpdates' && request.MultiRegionConsistency === 'STRONG') {
    throw invalidParameter('Requests that modify replicas or witnesses must not also modify other fields')
  }
  if (loner === 'WarmThroughput' && request.GlobalSecondaryIndexUpdates?.some(update => update.Create)) {
    throw invalidParameter('Create global secondary index cannot be specified when updating WarmThroughput')
  }
  throw invalidParameter(`${LONERS[loner]} must be the only operation in the request`)
}

/** A consistency alone is no change, and not asked for again. */
function nothingGiven({ MultiRegionConsistency }: UpdateRequest): DynamoError {
  const choices = CHOICES.filter(choice => choice !== 'MultiRegionConsistency' || MultiRegionConsistency === undefined)
  return validation(`At least one of ${choices.join(', ')} or TableClass is required`)
}

function checkThroughput({ BillingMode, ProvisionedThroughput }: UpdateRequest): void {
  if (BillingMode === 'PROVISIONED' && !ProvisionedThroughput) {
    throw invalidParameter('ProvisionedThroughput must be specified when BillingMode is PROVISIONED')
  }
  if (BillingMode) checkBilling(BillingMode, ProvisionedThroughput)
  else if (ProvisionedThroughput) checkBounds(ProvisionedThroughput)
}

function checkStream({ StreamEnabled, StreamViewType }: StreamRequest): void {
  if (StreamEnabled && StreamViewType === undefined) {
    throw invalidParameter('If stream is being enabled then UpdateViewType is required')
  }
  if (!StreamEnabled && StreamViewType !== undefined) {
    throw invalidParameter('If stream is being disabled, then UpdateViewType must not be specified')
  }
}

function checkIndexUpdates({ GlobalSecondaryIndexUpdates: updates = [], AttributeDefinitions }: UpdateRequest): void {
  const names = updates.map(update => nameOf(update))
  const twice = duplicate(names)
  if (twice !== undefined) {
    throw invalidParameter(
      `Only one global secondary index update per index is allowed simultaneously. Index: ${twice}`,
    )
  }
  for (const { Create, Update } of updates) {
    if (Update?.ProvisionedThroughput) checkBounds(Update.ProvisionedThroughput)
    if (!Create) continue
    if (!AttributeDefinitions)
      throw invalidParameter(`AttributeDefinitions is not specified for index: ${Create.IndexName}`)
    checkGlobalIndex(Create, AttributeDefinitions)
    if (Create.ProvisionedThroughput) checkBounds(Create.ProvisionedThroughput)
  }
  if (updates.filter(isOnline).length > 1) throw onlyOneOnline()
}

/** LimitExceededException: one index at a time. */
export function onlyOneOnline() {
  return subscriberLimit('Only 1 online index can be created or deleted simultaneously per table')
}

function nameOf({ Create, Update, Delete }: IndexUpdateRequest): string {
  const [action, ...more] = [Create, Update, Delete].filter(action => action !== undefined)
  if (!action) {
    throw invalidParameter(
      'One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must not be null',
    )
  }
  if (more.length > 0) {
    throw invalidParameter('Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object')
  }
  return action.IndexName
}

function isEmpty(members: object | undefined): boolean {
  return members === undefined || Object.values(members).every(value => value === undefined)
}
