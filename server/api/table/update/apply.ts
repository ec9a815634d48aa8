/** UpdateTable on a table that exists: may it be changed now, and what becomes of it. */
import type { TableRecord, UpdateCause } from '../../../model/table.ts'
import { checkExists, checkFree } from '../inuse.ts'
import type { UpdateRequest } from '../request.ts'
import type { Change, Context, Step } from './change.ts'
import { changeIndexes } from './indexes.ts'
import { changeReplicas, changeReplicationMode } from './replicas.ts'
import {
  changeCeilings,
  changeEncryption,
  changeProtection,
  changeStream,
  changeTableClass,
  changeWarmth,
} from './settings.ts'
import { changeBilling } from './throughput.ts'

const STEPS: Step[] = [
  changeReplicas,
  changeBilling,
  changeStream,
  changeIndexes,
  changeEncryption,
  changeTableClass,
  changeProtection,
  changeCeilings,
  changeWarmth,
  changeReplicationMode,
]

/**
 * All of a request's changes, or none. `request` has passed `checkUpdateRequest`.
 * Errors: ResourceInUseException, LimitExceededException, ResourceNotFoundException for an index, ValidationException.
 */
export function applyUpdate(current: TableRecord, request: UpdateRequest, context: Context): Change {
  checkExists(current)
  for (const wanted of kindsOf(request)) checkFree(current, wanted)
  const unchanged: Change = { record: current, shown: current }
  return STEPS.reduce((change, step) => step(change, request, context), unchanged)
}

/** What has to wait for a change under way. Encryption, deletion protection and warm throughput never wait. */
function kindsOf(request: UpdateRequest): UpdateCause[] {
  const kinds: (UpdateCause | false)[] = [
    request.ProvisionedThroughput !== undefined && 'THROUGHPUT',
    request.BillingMode !== undefined && 'BILLING_MODE',
    request.StreamSpecification !== undefined && 'STREAM',
    request.GlobalSecondaryIndexUpdates !== undefined && 'INDEX',
    request.TableClass !== undefined && 'TABLE_CLASS',
    request.OnDemandThroughput !== undefined && 'ON_DEMAND',
  ]
  return kinds.filter(kind => kind !== false)
}
