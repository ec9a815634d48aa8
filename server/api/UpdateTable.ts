import type { TableRecord } from '../model/table.ts'
import { operation } from './operation.ts'
import {
  attributeDefinitions,
  billingMode,
  globalSecondaryIndexUpdates,
  MISSING_TABLE_NAME,
  onDemandThroughput,
  provisionedThroughput,
  sseSpecification,
  streamSpecification,
  tableClass,
  tableName,
  warmThroughput,
} from './shape/common.ts'
import { boolean, enumeration, required, structure } from './shape/shape.ts'
import { describeLive } from './table/describe.ts'
import { findForControl } from './table/find.ts'
import { anyList, refuse } from './table/unsupported.ts'
import { applyUpdate } from './table/update/apply.ts'
import { replicaUpdates, witnessUpdates } from './table/update/replicas.ts'
import { checkUpdateRequest, withoutEmpty } from './table/update/request.ts'

const input = structure({
  AttributeDefinitions: attributeDefinitions,
  TableName: required(tableName, MISSING_TABLE_NAME),
  BillingMode: billingMode,
  ProvisionedThroughput: provisionedThroughput,
  GlobalSecondaryIndexUpdates: globalSecondaryIndexUpdates,
  StreamSpecification: streamSpecification,
  SSESpecification: sseSpecification,
  TableClass: tableClass,
  DeletionProtectionEnabled: boolean(),
  OnDemandThroughput: onDemandThroughput,
  WarmThroughput: warmThroughput,
  ReplicaUpdates: replicaUpdates,
  MultiRegionConsistency: enumeration(['EVENTUAL', 'STRONG']),
  GlobalTableWitnessUpdates: witnessUpdates,
  GlobalTableSettingsReplicationMode: enumeration(['ENABLED', 'DISABLED', 'ENABLED_WITH_OVERRIDES']),
  VectorIndexUpdates: anyList,
})

/** UpdateTable: one kind of change at a time. Answers with the table largely as it was, in status UPDATING. */
export const updateTable = operation({
  name: 'UpdateTable',
  input,
  async handle(given, call) {
    const { VectorIndexUpdates, ...supported } = given
    refuse({ VectorIndexUpdates })
    const request = withoutEmpty(supported)
    checkUpdateRequest(request, call)
    let shown: TableRecord = findForControl(call, given.TableName)
    await call.cluster.tables.change(shown.name, (current, now) => {
      const change = applyUpdate(current, request, { call, now })
      shown = change.shown
      return change.record
    })
    return { TableDescription: await describeLive(shown, call) }
  },
})
