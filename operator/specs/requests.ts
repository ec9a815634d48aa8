/** What the DynamoDB API is asked for a resource. Pure. */
import { type GlobalIndex, type RestoreFrom, type Table, tableNameOf } from '../resources/table.ts'
import type { IndexSetting, Normal, Setting } from './settings.ts'

/** A name in `X-Amz-Target`, and its input. */
export type ApiCall = { operation: string; input: { [member: string]: unknown } }

/** Makes the table, without what only a table that is there can be told. */
export function createCall(table: Table, wished: Normal): ApiCall {
  const { spec } = table
  const { stream, encryption, tags, policy, tableClass, deletionProtection } = wished
  const input = {
    ...definition(table, wished),
    LocalSecondaryIndexes: spec.localSecondaryIndexes?.map(index => upper(index)),
    StreamSpecification: stream === null ? undefined : { StreamEnabled: true, StreamViewType: stream },
    SSESpecification: encryption ? encryptionOf(encryption.key) : undefined,
    Tags: tags.length > 0 ? tags.map(([Key, Value]) => ({ Key, Value })) : undefined,
    ResourcePolicy: policy ?? undefined,
    TableClass: tableClass === 'STANDARD' ? undefined : tableClass,
    DeletionProtectionEnabled: deletionProtection || undefined,
    WarmThroughput: spec.warmThroughput && upper(spec.warmThroughput),
  }
  return { operation: 'CreateTable', input }
}

/** Makes the table from what is there. `backupArn`: of the backup that the resource names. */
export function restoreCall(table: Table, wished: Normal, from: RestoreFrom, backupArn: string | undefined): ApiCall {
  if (from.export) return importCall(table, wished, from.export)
  const { billing } = wished
  const given = table.spec.billingMode ?? table.spec.provisionedThroughput
  const overrides = {
    TargetTableName: tableNameOf(table),
    ...(given && { BillingModeOverride: billing.mode }),
    ...(given && billing.mode === 'PROVISIONED' && { ProvisionedThroughputOverride: throughput(billing) }),
  }
  if (from.pointInTime === undefined)
    return { operation: 'RestoreTableFromBackup', input: { BackupArn: backupArn, ...overrides } }
  const { tableName, time } = from.pointInTime
  const moment = time === undefined ? { UseLatestRestorableTime: true } : { RestoreDateTime: Date.parse(time) / 1000 }
  return { operation: 'RestoreTableToPointInTime', input: { SourceTableName: tableName, ...moment, ...overrides } }
}

function importCall(
  table: Table,
  wished: Normal,
  { bucket, prefix, format, compression }: NonNullable<RestoreFrom['export']>,
): ApiCall {
  const input = {
    // Asked for again after a crash, it is the same import.
    ClientToken: table.metadata.uid,
    S3BucketSource: { S3Bucket: bucket, S3KeyPrefix: prefix },
    InputFormat: format,
    InputCompressionType: compression,
    TableCreationParameters: definition(table, wished),
  }
  return { operation: 'ImportTable', input }
}

function definition(table: Table, { billing }: Normal) {
  const { attributeDefinitions, keySchema, globalSecondaryIndexes: indexes } = table.spec
  return {
    TableName: tableNameOf(table),
    AttributeDefinitions: attributeDefinitions?.map(upper),
    KeySchema: keySchema?.map(upper),
    GlobalSecondaryIndexes:
      indexes && indexes.length > 0 ? indexes.map(index => indexInput(index, billing)) : undefined,
    BillingMode: billing.mode,
    ...(billing.mode === 'PROVISIONED' ? { ProvisionedThroughput: throughput(billing) } : limits(billing.ceilings)),
  }
}

/**
 * What tells the table one setting. `actual`: what it has, for what must be taken back first. Several calls where DynamoDB wants
 * one after the other.
 */
export function changeCalls(table: Table, arn: string, setting: Setting, wished: Normal, actual: Normal): ApiCall[] {
  const TableName = tableNameOf(table)
  const update = (input: object): ApiCall => ({ operation: 'UpdateTable', input: { TableName, ...input } })
  if (setting.startsWith('index:')) return [update(indexChange(table, setting.slice('index:'.length), wished, actual))]
  switch (setting) {
    case 'billing':
      return [update(billingChange(wished, actual))]
    case 'tableClass':
      return [update({ TableClass: wished.tableClass })]
    case 'deletionProtection':
      return [update({ DeletionProtectionEnabled: wished.deletionProtection })]
    case 'encryption':
      return [
        update({ SSESpecification: wished.encryption ? encryptionOf(wished.encryption.key) : { Enabled: false } }),
      ]
    case 'stream': {
      const off = update({ StreamSpecification: { StreamEnabled: false } })
      const on = update({ StreamSpecification: { StreamEnabled: true, StreamViewType: wished.stream } })
      return [...(actual.stream === null ? [] : [off]), ...(wished.stream === null ? [] : [on])]
    }
    case 'timeToLive': {
      const call = (AttributeName: string | null, Enabled: boolean): ApiCall => {
        return {
          operation: 'UpdateTimeToLive',
          input: { TableName, TimeToLiveSpecification: { AttributeName, Enabled } },
        }
      }
      const off = actual.timeToLive === null ? [] : [call(actual.timeToLive, false)]
      return [...off, ...(wished.timeToLive === null ? [] : [call(wished.timeToLive, true)])]
    }
    case 'tags':
      return tagCalls(arn, wished.tags, actual.tags)
    case 'policy':
      return wished.policy === null
        ? [{ operation: 'DeleteResourcePolicy', input: { ResourceArn: arn } }]
        : [{ operation: 'PutResourcePolicy', input: { ResourceArn: arn, Policy: wished.policy } }]
    case 'recovery': {
      const days = wished.recovery
      const PointInTimeRecoverySpecification =
        days === null
          ? { PointInTimeRecoveryEnabled: false }
          : { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: days }
      return [{ operation: 'UpdateContinuousBackups', input: { TableName, PointInTimeRecoverySpecification } }]
    }
    case 'insights': {
      const ContributorInsightsAction = wished.insights ? 'ENABLE' : 'DISABLE'
      return [{ operation: 'UpdateContributorInsights', input: { TableName, ContributorInsightsAction } }]
    }
    default:
      return []
  }
}

function billingChange({ billing, ...wished }: Normal, actual: Normal) {
  if (billing.mode === 'PAY_PER_REQUEST') {
    const isNew = actual.billing.mode !== billing.mode
    return { ...(isNew && { BillingMode: billing.mode }), ...limits(billing.ceilings, isNew) }
  }
  const isNew = actual.billing.mode !== billing.mode
  const indexes = isNew ? indexNames(actual) : []
  return {
    BillingMode: billing.mode,
    ProvisionedThroughput: throughput(billing),
    GlobalSecondaryIndexUpdates: indexes.map(IndexName => {
      const units = (wished as Normal)[`index:${IndexName}`]?.throughput ?? billing
      return { Update: { IndexName, ProvisionedThroughput: throughput(units) } }
    }),
  }
}

function indexChange({ spec }: Table, name: string, wished: Normal, actual: Normal) {
  const [mine, theirs] = [wished[`index:${name}`], actual[`index:${name}`]]
  if (mine === undefined || (theirs !== undefined && isOther(mine, theirs)))
    return { GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: name } }] }
  if (theirs === undefined) {
    const index = spec.globalSecondaryIndexes!.find(({ indexName }) => indexName === name)!
    const AttributeDefinitions = spec.attributeDefinitions?.map(upper)
    return { AttributeDefinitions, GlobalSecondaryIndexUpdates: [{ Create: indexInput(index, wished.billing) }] }
  }
  const units = mine.throughput ? { ProvisionedThroughput: throughput(mine.throughput) } : limits(mine.ceilings, false)
  return { GlobalSecondaryIndexUpdates: [{ Update: { IndexName: name, ...units } }] }
}

/** Another index under the same name: it has to go before the wished one can come. */
function isOther(a: IndexSetting, b: IndexSetting): boolean {
  const shape = ({ keys, projection, include }: IndexSetting) => JSON.stringify([keys, projection, include])
  return shape(a) !== shape(b)
}

function tagCalls(arn: string, wished: Normal['tags'], actual: Normal['tags']): ApiCall[] {
  const keys = new Set(wished.map(([key]) => key))
  const gone = actual.flatMap(([key]) => (keys.has(key) ? [] : [key]))
  const there = new Map(actual)
  const fresh = wished.filter(([key, value]) => there.get(key) !== value)
  return [
    ...(gone.length > 0 ? [{ operation: 'UntagResource', input: { ResourceArn: arn, TagKeys: gone } }] : []),
    ...(fresh.length > 0
      ? [
          {
            operation: 'TagResource',
            input: { ResourceArn: arn, Tags: fresh.map(([Key, Value]) => ({ Key, Value })) },
          },
        ]
      : []),
  ]
}

function indexInput(index: GlobalIndex, billing: Normal['billing']) {
  const { provisionedThroughput, ...rest } = index
  const units =
    provisionedThroughput ??
    (billing.mode === 'PROVISIONED'
      ? { readCapacityUnits: billing.read, writeCapacityUnits: billing.write }
      : undefined)
  return {
    ...(upper(rest) as object),
    ...(billing.mode === 'PROVISIONED' && { ProvisionedThroughput: units && upper(units) }),
  }
}

function indexNames(normal: Normal): string[] {
  return Object.keys(normal).flatMap(name => (name.startsWith('index:') ? [name.slice('index:'.length)] : []))
}

function throughput({ read, write }: { read: number; write: number }) {
  return { ReadCapacityUnits: read, WriteCapacityUnits: write }
}

/** `isNew`: none need not be said. */
function limits({ read, write }: { read: number; write: number }, isNew = true) {
  if (isNew && read === -1 && write === -1) return {}
  return { OnDemandThroughput: { MaxReadRequestUnits: read, MaxWriteRequestUnits: write } }
}

function encryptionOf(key: string | null) {
  return { Enabled: true, SSEType: 'KMS', ...(key !== null && { KMSMasterKeyId: key }) }
}

/** The same with the API's names: `indexName` is `IndexName` there. */
function upper(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(upper)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name[0]!.toUpperCase() + name.slice(1), upper(inner)]),
  )
}
