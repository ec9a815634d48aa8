/** UpdateGlobalTableSettings: there is no global table. */
import { operation } from './operation.ts'
import { billingMode, indexName } from './shape/common.ts'
import { list, long, required, structure } from './shape/shape.ts'
import { autoScaling, globalSettingsNotFound, globalTableName, replicaSettings } from './table/globaltable.ts'

const indexSettings = list(
  structure(
    {
      IndexName: required(indexName),
      ProvisionedWriteCapacityUnits: long({ min: 1 }),
      ProvisionedWriteCapacityAutoScalingSettingsUpdate: autoScaling,
    },
    { name: 'GlobalTableGlobalSecondaryIndexSettingsUpdate' },
  ),
  { min: 1, max: 20 },
)

export const updateGlobalTableSettings = operation({
  name: 'UpdateGlobalTableSettings',
  input: structure({
    GlobalTableName: required(globalTableName),
    GlobalTableBillingMode: billingMode,
    GlobalTableProvisionedWriteCapacityUnits: long({ min: 1 }),
    GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate: autoScaling,
    GlobalTableGlobalSecondaryIndexSettingsUpdate: indexSettings,
    ReplicaSettingsUpdate: replicaSettings,
  }),
  handle({ GlobalTableName }) {
    throw globalSettingsNotFound(GlobalTableName)
  },
})
