/** Imports as the API shows them (facts, section 9.5). */
import type { ImportRecord } from '../../backup/imports.ts'
import type { Call } from '../operation.ts'
import { tableArn } from '../table/arn.ts'
import { SECOND } from '../table/limits.ts'

/** ImportSummary. */
export function importSummary({ request, ...record }: ImportRecord, call: Call): object {
  return {
    ImportArn: record.importArn,
    ImportStatus: record.status,
    TableArn: tableArn(call, record.table.name),
    S3BucketSource: {
      S3Bucket: request.bucket,
      S3BucketOwner: request.bucketOwner,
      S3KeyPrefix: request.keyPrefix,
    },
    CloudWatchLogGroupArn: `arn:aws:logs:${call.region}:${call.account}:log-group:/aws-dynamodb/imports:*`,
    InputFormat: request.format,
    StartTime: record.startedAt / SECOND,
    EndTime: record.endedAt && record.endedAt / SECOND,
  }
}

/** ImportTableDescription. */
export function describeImport(record: ImportRecord, call: Call): object {
  const { request, counts, table, failure } = record
  return {
    ...importSummary(record, call),
    TableId: table.id,
    ClientToken: request.clientToken,
    ErrorCount: counts.errors,
    InputFormatOptions: request.csv && {
      Csv: { Delimiter: request.csv.delimiter, HeaderList: request.csv.headers },
    },
    InputCompressionType: request.compression,
    TableCreationParameters: request.parameters,
    ProcessedSizeBytes: counts.bytes,
    ProcessedItemCount: counts.processed,
    ImportedItemCount: counts.imported,
    FailureCode: failure?.code,
    FailureMessage: failure?.message,
  }
}
