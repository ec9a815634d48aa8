/** UpdateTable: replicas in other regions, which there are none of (facts, section 4.13). */
import { type DynamoError, validation } from '../../../model/errors.ts'
import { indexName, onDemandThroughput, tableClass } from '../../shape/common.ts'
import { type Infer, list, long, required, string, structure } from '../../shape/shape.ts'
import { regionName } from '../globaltable.ts'
import type { UpdateRequest } from '../request.ts'
import { type Change, type Context, done } from './change.ts'

const throughputOverride = structure({ ReadCapacityUnits: long({ min: 1 }) }, { name: 'ProvisionedThroughputOverride' })

/** Create and Update take the same members. */
function memberAction(name: string) {
  return structure(
    {
      RegionName: required(regionName),
      KMSMasterKeyId: string(),
      ProvisionedThroughputOverride: throughputOverride,
      OnDemandThroughputOverride: onDemandThroughput,
      GlobalSecondaryIndexes: list(
        structure(
          {
            IndexName: required(indexName),
            ProvisionedThroughputOverride: throughputOverride,
            OnDemandThroughputOverride: onDemandThroughput,
          },
          { name: 'ReplicaGlobalSecondaryIndex' },
        ),
        { min: 1 },
      ),
      TableClassOverride: tableClass,
    },
    { name },
  )
}

/** `ReplicaUpdates`. */
export const replicaUpdates = list(
  structure(
    {
      Create: memberAction('CreateReplicationGroupMemberAction'),
      Update: memberAction('UpdateReplicationGroupMemberAction'),
      Delete: structure({ RegionName: required(regionName) }, { name: 'DeleteReplicationGroupMemberAction' }),
    },
    { name: 'ReplicationGroupUpdate' },
  ),
  { min: 1 },
)

/** `GlobalTableWitnessUpdates`. */
export const witnessUpdates = list(
  structure(
    {
      Create: structure({ RegionName: required(regionName) }, { name: 'CreateGlobalTableWitnessGroupMemberAction' }),
      Delete: structure({ RegionName: required(regionName) }, { name: 'DeleteGlobalTableWitnessGroupMemberAction' }),
    },
    { name: 'GlobalTableWitnessGroupUpdate' },
  ),
  { min: 1, max: 1 },
)

/** Errors: ValidationException for what no table's replicas could be changed by. */
export function checkReplicaUpdates(request: UpdateRequest): void {
  const { ReplicaUpdates: updates, MultiRegionConsistency: consistency } = request
  checkReplicationMode(request)
  if (!updates) return
  if (request.GlobalTableWitnessUpdates && consistency !== 'STRONG') {
    throw validation(
      'MultiRegionConsistency must be set as STRONG when GlobalTableWitnessUpdates parameter is present.',
    )
  }
  const kinds = updates.flatMap(kindsOf)
  if (kinds.length === 0)
    throw validation('There are no actions specified in the Replica Update Action of the request.')
  if (new Set(kinds).size > 1) {
    throw validation('Update table operation with more than one type of replica actions not allowed.')
  }
  if (kinds[0] !== 'Create' && consistency !== undefined) {
    throw validation('Only Replica Create actions are supported when MultiRegionConsistency parameter is provided.')
  }
  if (kinds[0] !== 'Update' && kinds.length > 1 && consistency !== 'STRONG') {
    throw validation('Update table operation with more than one create or delete replica actions not allowed')
  }
}

function kindsOf(update: ReplicaUpdate): Kind[] {
  return KINDS.filter(kind => update[kind] !== undefined)
}

type ReplicaUpdate = Infer<typeof replicaUpdates>[number]
type Kind = keyof ReplicaUpdate
const KINDS: Kind[] = ['Create', 'Update', 'Delete']

function checkReplicationMode({ GlobalTableSettingsReplicationMode: mode }: UpdateRequest): void {
  if (mode !== 'ENABLED_WITH_OVERRIDES') return
  throw validation(
    `Value '${mode}' at 'GlobalTableSettingsReplicationMode' failed to satisfy constraint: Only ENABLED and DISABLED settings replication are supported for a Regional Table.`,
  )
}

/** Refuses all replicas: this region is the only one. */
export function changeReplicas(change: Change, request: UpdateRequest, { call }: Context): Change {
  const [update] = request.ReplicaUpdates ?? []
  if (!update) return change
  const region = (update.Create ?? update.Update ?? update.Delete)!.RegionName
  if (region === call.region && !update.Update) {
    throw validation(
      'Cannot add or delete the local region through ReplicaUpdates. Use CreateTable, DeleteTable, or UpdateTable as required.',
    )
  }
  throw update.Create ? unsupportedRegion(region, request, call.region) : noReplica(region)
}

function unsupportedRegion(region: string, { MultiRegionConsistency }: UpdateRequest, own: string): DynamoError {
  return MultiRegionConsistency === 'STRONG'
    ? validation(
        `Unsupported Region(s) specified for global tables with MultiRegionConsistency set to STRONG: [${region}].`,
      )
    : validation(
        `Region ${region} is not supported. The latest version of global tables are only supported in the following regions: [${own}]`,
      )
}

function noReplica(region: string): DynamoError {
  return validation(
    `Update global table operation failed because one or more replicas were not part of the global table. Please retry the request without these replicas: [${region}].`,
  )
}

/** Kept for the day the table has replicas, as DynamoDB does. */
export function changeReplicationMode(change: Change, request: UpdateRequest): Change {
  const mode = request.GlobalTableSettingsReplicationMode
  return mode === 'ENABLED' || mode === 'DISABLED' ? done(change, { replicationMode: mode }) : change
}
