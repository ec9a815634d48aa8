/** UpdateTableReplicaAutoScaling: no table has replicas to scale. */
import { operation } from './operation.ts'
import { indexName, MISSING_TABLE_NAME, tableName } from './shape/common.ts'
import { list, required, structure } from './shape/shape.ts'
import { autoScaling, regionName, replicasNotFound } from './table/globaltable.ts'

const indexUpdates = list(
  structure(
    { IndexName: indexName, ProvisionedWriteCapacityAutoScalingUpdate: autoScaling },
    { name: 'GlobalSecondaryIndexAutoScalingUpdate' },
  ),
  { min: 1 },
)

const replicaUpdates = list(
  structure(
    {
      RegionName: required(regionName),
      ReplicaGlobalSecondaryIndexUpdates: list(
        structure(
          { IndexName: indexName, ProvisionedReadCapacityAutoScalingUpdate: autoScaling },
          { name: 'ReplicaGlobalSecondaryIndexAutoScalingUpdate' },
        ),
      ),
      ReplicaProvisionedReadCapacityAutoScalingUpdate: autoScaling,
    },
    { name: 'ReplicaAutoScalingUpdate' },
  ),
  { min: 1 },
)

export const updateTableReplicaAutoScaling = operation({
  name: 'UpdateTableReplicaAutoScaling',
  input: structure({
    GlobalSecondaryIndexUpdates: indexUpdates,
    TableName: required(tableName, MISSING_TABLE_NAME),
    ProvisionedWriteCapacityAutoScalingUpdate: autoScaling,
    ReplicaUpdates: replicaUpdates,
  }),
  handle({ TableName }, call) {
    throw replicasNotFound(call, TableName)
  },
})
