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
import { boolean, required, string, structure } from './shape/shape.ts'
import { describeLive } from './table/describe.ts'
import { findForControl } from './table/find.ts'
import { anyList, refuse } from './table/unsupported.ts'
import { applyUpdate } from './table/update/apply.ts'
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
  ReplicaUpdates: anyList,
  MultiRegionConsistency: string(),
  GlobalTableWitnessUpdates: anyList,
  VectorIndexUpdates: anyList,
})

/** Answers with the table largely as it was, in status UPDATING. */
export const updateTable = operation({
  name: 'UpdateTable',
  input,
  async handle(given, call) {
    const { ReplicaUpdates, MultiRegionConsistency, GlobalTableWitnessUpdates, VectorIndexUpdates } = given
    refuse({ ReplicaUpdates, MultiRegionConsistency, GlobalTableWitnessUpdates, VectorIndexUpdates })
    const request = withoutEmpty(given)
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
