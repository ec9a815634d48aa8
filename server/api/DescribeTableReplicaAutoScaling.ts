/** DescribeTableReplicaAutoScaling: no table has replicas to scale. */
import { operation } from './operation.ts'
import { MISSING_TABLE_NAME, tableName } from './shape/common.ts'
import { required, structure } from './shape/shape.ts'
import { replicasNotFound } from './table/globaltable.ts'

export const describeTableReplicaAutoScaling = operation({
  name: 'DescribeTableReplicaAutoScaling',
  input: structure({ TableName: required(tableName, MISSING_TABLE_NAME) }),
  handle({ TableName }, call) {
    throw replicasNotFound(call, TableName)
  },
})
