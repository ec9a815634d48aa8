/**
 * Global tables of both versions, and the shapes of their operations (facts, section 4.13). One region is all there is
 * here, so that no table is ever a global one.
 */
import { type DynamoError, dynamo, invalidParameter, resourceNotFound } from '../../model/errors.ts'
import type { Call } from '../operation.ts'
import { indexName, tableClass } from '../shape/common.ts'
import { boolean, double, integer, list, long, required, string, structure } from '../shape/shape.ts'
import { tableName } from './arn.ts'

/** The names of global tables are like those of indexes: never ARNs. */
export const globalTableName = indexName

export const regionName = string()

const scalingPolicyUpdate = structure(
  {
    PolicyName: string({ min: 1, max: 256 }),
    TargetTrackingScalingPolicyConfiguration: required(
      structure(
        {
          DisableScaleIn: boolean(),
          ScaleInCooldown: integer(),
          ScaleOutCooldown: integer(),
          TargetValue: required(double()),
        },
        { name: 'AutoScalingTargetTrackingScalingPolicyConfigurationUpdate' },
      ),
    ),
  },
  { name: 'AutoScalingPolicyUpdate' },
)

export const autoScaling = structure(
  {
    MinimumUnits: long({ min: 1 }),
    MaximumUnits: long({ min: 1 }),
    AutoScalingDisabled: boolean(),
    AutoScalingRoleArn: string({ min: 1, max: 1600 }),
    ScalingPolicyUpdate: scalingPolicyUpdate,
  },
  { name: 'AutoScalingSettingsUpdate' },
)

/** `ReplicaSettingsUpdate`. */
export const replicaSettings = list(
  structure(
    {
      RegionName: required(regionName),
      ReplicaProvisionedReadCapacityUnits: long({ min: 1 }),
      ReplicaProvisionedReadCapacityAutoScalingSettingsUpdate: autoScaling,
      ReplicaGlobalSecondaryIndexSettingsUpdate: list(
        structure(
          {
            IndexName: required(indexName),
            ProvisionedReadCapacityUnits: long({ min: 1 }),
            ProvisionedReadCapacityAutoScalingSettingsUpdate: autoScaling,
          },
          { name: 'ReplicaGlobalSecondaryIndexSettingsUpdate' },
        ),
        { min: 1, max: 20 },
      ),
      ReplicaTableClass: tableClass,
    },
    { name: 'ReplicaSettingsUpdate' },
  ),
  { min: 1, max: 50 },
)

/** ValidationException: global tables of the first version cannot be made any more. */
export function versionNotSupported(): DynamoError {
  return invalidParameter(
    'DynamoDB global tables version 2017.11.29 is not supported. We recommend using DynamoDB global tables version 2019.11.21, instead of version 2017.11.29 (Legacy).',
  )
}

/** GlobalTableNotFoundException, as the operations on the table itself word it. */
export function globalTableNotFound(name: string): DynamoError {
  return dynamo('GlobalTableNotFoundException', `Global table not found: ${noGlobalTable(name)}`)
}

/** GlobalTableNotFoundException, as the operations on its settings word it. */
export function globalSettingsNotFound(name: string): DynamoError {
  return dynamo('GlobalTableNotFoundException', noGlobalTable(name))
}

/** ResourceNotFoundException of the scaling of replicas: the table is no global one, or is none at all. */
export function replicasNotFound(call: Call, given: string): DynamoError {
  return resourceNotFound(noGlobalTable(tableName(call, given)))
}

function noGlobalTable(name: string): string {
  return `Global table with name: '${name}' does not exist.`
}
