/** Checks of an UpdateTable request that need no table: which changes may go together, and how they are spelled. */
import { invalidParameter, validation } from '../../../model/errors.ts'
import type { Call } from '../../operation.ts'
import { defineEncryption } from '../encryption.ts'
import { checkGlobalIndex } from '../indexes.ts'
import { duplicate } from '../keys.ts'
import { subscriberLimit } from '../limits.ts'
import type { IndexUpdateRequest, StreamRequest, UpdateRequest } from '../request.ts'
import { checkBilling, checkBounds } from '../throughput.ts'

const CHANGES = [
  'ProvisionedThroughput',
  'BillingMode',
  'StreamSpecification',
  'GlobalSecondaryIndexUpdates',
  'SSESpecification',
  'TableClass',
  'DeletionProtectionEnabled',
  'OnDemandThroughput',
  'WarmThroughput',
] as const

/** Changes that tolerate no other, and what their refusals call them. */
const LONERS = {
  SSESpecification: 'Server-Side Encryption modification',
  TableClass: 'Table class modification',
  DeletionProtectionEnabled: 'Deletion protection modification',
  WarmThroughput: 'Warm throughput modification',
} as const

const AT_LEAST_ONE =
  'At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, MultiRegionConsistency, DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is required'

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
  defineEncryption(request.SSESpecification, call)
}

/** Creations and deletions of indexes, as against changes of their throughput. */
export function isOnline(update: IndexUpdateRequest): boolean {
  return update.Create !== undefined || update.Delete !== undefined
}

function checkTogether(request: UpdateRequest): void {
  const given = CHANGES.filter(member => request[member] !== undefined)
  if (given.length === 0) throw validation(AT_LEAST_ONE)
  for (const [member, name] of Object.entries(LONERS)) {
    if (given.length > 1 && given.includes(member as keyof typeof LONERS)) {
      throw invalidParameter(`${name} must be the only operation in the request`)
    }
  }
  const online = request.GlobalSecondaryIndexUpdates?.some(isOnline)
  const stream = request.StreamSpecification !== undefined
  const throughput = request.ProvisionedThroughput !== undefined
  if (stream && throughput && !request.BillingMode) {
    throw validation('You cannot modify stream status while updating table IOPS')
  }
  if (online && throughput) throw validation('You cannot create or delete index while updating table IOPS')
  if (online && stream) throw validation('You cannot create or delete index while changing stream status')
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
    throw validation(`Only one global secondary index update per index is allowed simultaneously. Index: ${twice}`)
  }
  for (const { Create, Update } of updates) {
    if (Update?.ProvisionedThroughput) checkBounds(Update.ProvisionedThroughput)
    if (!Create) continue
    if (!AttributeDefinitions) throw validation(`AttributeDefinitions is not specified for index: ${Create.IndexName}`)
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
    throw validation(
      'One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must not be null',
    )
  }
  if (more.length > 0) {
    throw validation('Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object')
  }
  return action.IndexName
}

function isEmpty(members: object | undefined): boolean {
  return members === undefined || Object.values(members).every(value => value === undefined)
}
