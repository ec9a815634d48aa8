import { operation } from './operation.ts'
import {
  attributeDefinitions,
  billingMode,
  globalSecondaryIndexes,
  keySchema,
  localSecondaryIndexes,
  MISSING_TABLE_NAME,
  newTableName,
  onDemandThroughput,
  provisionedThroughput,
  sseSpecification,
  streamSpecification,
  tableClass,
  tags,
  warmThroughput,
} from './shape/common.ts'
import { boolean, required, string, structure } from './shape/shape.ts'
import { tableName } from './table/arn.ts'
import { defineTable } from './table/define.ts'
import { describe } from './table/describe.ts'
import { anyList, refuse } from './table/unsupported.ts'

const input = structure(
  {
    AttributeDefinitions: attributeDefinitions,
    TableName: required(newTableName, MISSING_TABLE_NAME),
    BillingMode: billingMode,
    ProvisionedThroughput: provisionedThroughput,
    KeySchema: keySchema,
    LocalSecondaryIndexes: localSecondaryIndexes,
    GlobalSecondaryIndexes: globalSecondaryIndexes,
    StreamSpecification: streamSpecification,
    SSESpecification: sseSpecification,
    Tags: tags,
    TableClass: tableClass,
    DeletionProtectionEnabled: boolean(),
    WarmThroughput: warmThroughput,
    OnDemandThroughput: onDemandThroughput,
    ResourcePolicy: string(),
    GlobalTableSourceArn: string(),
    VectorIndexes: anyList,
  },
  { alone: 'TableName' },
)

/** Answers while the table is CREATING. */
export const createTable = operation({
  name: 'CreateTable',
  input,
  async handle({ TableName, GlobalTableSourceArn, VectorIndexes, ...request }, call) {
    refuse({ GlobalTableSourceArn, VectorIndexes })
    const record = defineTable(tableName(call, TableName), request, call)
    return { TableDescription: describe(await call.cluster.tables.create(record), call) }
  },
})
