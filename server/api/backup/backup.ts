/** Backups as the API shows them (facts, section 9.1). */
import type { BackupRecord } from '../../backup/records.ts'
import { dynamo } from '../../model/errors.ts'
import type { GlobalIndexRecord, LocalIndexRecord, ProvisionedThroughput, TableRecord } from '../../model/table.ts'
import type { Call } from '../operation.ts'
import { string } from '../shape/shape.ts'
import { tableArn } from '../table/arn.ts'
import { SECOND } from '../table/limits.ts'
import { jobArn, parseJobArn } from './arn.ts'

export const backupArn = string({ min: 37, max: 1024 })

/** Errors: ValidationException for what is no backup's ARN; BackupNotFoundException. */
export async function findBackup(call: Call, arn: string): Promise<BackupRecord> {
  const { table, id } = parseJobArn(call, 'backup', arn)
  const record = await call.backup.backups.find(table, id)
  if (!record) throw dynamo('BackupNotFoundException', `Backup not found: ${arn}`)
  return record
}

export function arnOf(call: Call, { table, id }: BackupRecord): string {
  return jobArn(call, table.name, 'backup', id)
}

export function backupDetails(record: BackupRecord, call: Call, status: string = record.status): object {
  return {
    BackupArn: arnOf(call, record),
    BackupName: record.name,
    BackupSizeBytes: record.statistics.bytes,
    BackupStatus: status,
    BackupType: record.type,
    BackupCreationDateTime: record.createdAt / SECOND,
    BackupExpiryDateTime: record.expiresAt === undefined ? undefined : record.expiresAt / SECOND,
  }
}

export function backupSummary(record: BackupRecord, call: Call): object {
  const { table } = record
  return {
    TableName: table.name,
    TableId: table.id,
    TableArn: tableArn(call, table.name),
    ...backupDetails(record, call),
  }
}

/** BackupDescription. */
export function describeBackup(record: BackupRecord, call: Call, status?: string): object {
  return {
    BackupDetails: backupDetails(record, call, status),
    SourceTableDetails: sourceDetails(record, call),
    SourceTableFeatureDetails: sourceFeatures(record.table),
  }
}

function sourceDetails({ table, statistics }: BackupRecord, call: Call): object {
  return {
    TableName: table.name,
    TableId: table.id,
    TableArn: tableArn(call, table.name),
    TableSizeBytes: statistics.bytes,
    KeySchema: table.keySchema,
    TableCreationDateTime: table.createdAt / SECOND,
    ProvisionedThroughput: throughput(table.throughput),
    OnDemandThroughput: table.onDemandThroughput,
    ItemCount: statistics.items,
    BillingMode: table.billingMode,
  }
}

function sourceFeatures(table: TableRecord): object {
  const { localIndexes, globalIndexes, stream, timeToLive, sse } = table
  return {
    LocalSecondaryIndexes: localIndexes.length > 0 ? localIndexes.map(indexInfo) : undefined,
    GlobalSecondaryIndexes: globalIndexes.length > 0 ? globalIndexes.map(globalIndexInfo) : undefined,
    StreamDescription: stream && { StreamEnabled: true, StreamViewType: stream.viewType },
    TimeToLiveDescription: timeToLive?.enabled
      ? { TimeToLiveStatus: 'ENABLED', AttributeName: timeToLive.attribute }
      : { TimeToLiveStatus: 'DISABLED' },
    SSEDescription: sse && { Status: 'ENABLED', SSEType: sse.type, KMSMasterKeyArn: sse.keyArn },
  }
}

function indexInfo({ name, keySchema, projection }: LocalIndexRecord) {
  return { IndexName: name, KeySchema: keySchema, Projection: projection }
}

function globalIndexInfo(index: GlobalIndexRecord) {
  return {
    ...indexInfo(index),
    ProvisionedThroughput: throughput(index.throughput),
    OnDemandThroughput: index.onDemandThroughput,
  }
}

function throughput({ read, write }: ProvisionedThroughput) {
  return { ReadCapacityUnits: read, WriteCapacityUnits: write }
}
