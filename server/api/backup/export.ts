/** Exports as the API shows them, and what may be asked for (facts, section 9.4). */
import type { ExportRecord, ExportRequest } from '../../backup/exports.ts'
import { dynamo, validation } from '../../model/errors.ts'
import type { TableRecord } from '../../model/table.ts'
import type { Call } from '../operation.ts'
import { enumeration, structure, timestamp } from '../shape/shape.ts'
import { SECOND } from '../table/limits.ts'

export const exportType = enumeration(['INCREMENTAL_EXPORT', 'FULL_EXPORT'])

export const incrementalExportSpecification = structure(
  {
    ExportFromTime: timestamp(),
    ExportToTime: timestamp(),
    ExportViewType: enumeration(['NEW_IMAGE', 'NEW_AND_OLD_IMAGES']),
  },
  { name: 'IncrementalExportSpecification' },
)

type Times = {
  ExportType?: ExportRequest['type']
  ExportTime?: number
  IncrementalExportSpecification?: {
    ExportFromTime?: number
    ExportToTime?: number
    ExportViewType?: ExportRequest['view']
  }
}

const MIN_PERIOD = 15 * 60 * SECOND
const MAX_PERIOD = 24 * 3600 * SECOND

/** What the request says by itself. Errors: ValidationException. */
export function checkExport({ ExportType, IncrementalExportSpecification: incremental }: Times): void {
  if (ExportType === 'INCREMENTAL_EXPORT' && !incremental) {
    throw validation(
      'Invalid Request: Incremental Export Specification expected when export type is set as Incremental Export',
    )
  }
  if (ExportType === 'FULL_EXPORT' && incremental) {
    throw validation(
      'Invalid Request: When Export Type is Full Export , Incremental Export Specification should not be provided',
    )
  }
  if (!ExportType && incremental) {
    throw validation(
      'Invalid Request: Export Type expected to be Incremental Export when incremental export specification is provided',
    )
  }
  if (incremental && incremental.ExportFromTime === undefined) {
    throw validation('Invalid Request: ExportFromTime must be provided in IncrementalExportSpecification')
  }
}

/** The times of the export, which the archive reaches. Errors: InvalidExportTimeException. */
export async function exportTimes(
  table: TableRecord,
  { ExportTime, IncrementalExportSpecification: incremental }: Times,
  call: Call,
): Promise<Pick<ExportRequest, 'time' | 'from' | 'view'>> {
  const now = call.cluster.now()
  if (!incremental) {
    const wanted = ExportTime === undefined ? now : Math.round(ExportTime * SECOND)
    const window = await call.backup.archives.windowUpTo(table, wanted)
    if (!window) throw invalid('Export Time is invalid')
    const time = ExportTime === undefined ? window.latest : wanted
    if (time < window.earliest || time > window.latest) throw invalid('Export Time is invalid')
    return { time }
  }
  const from = Math.round(incremental.ExportFromTime! * SECOND)
  const to = incremental.ExportToTime === undefined ? now : Math.round(incremental.ExportToTime * SECOND)
  checkPeriod(table, from, to, now)
  const window = await call.backup.archives.windowUpTo(table, to)
  if (!window || from < window.earliest || to > window.latest) throw invalid('Export Time is invalid')
  return { from, time: to, view: incremental.ExportViewType ?? 'NEW_AND_OLD_IMAGES' }
}

function checkPeriod(table: TableRecord, from: number, to: number, now: number): void {
  if (from < table.createdAt) {
    throw invalid(
      `Incremental export period from time cannot be less than the table creation time : ${iso(table.createdAt)}`,
    )
  }
  if (to > now) throw invalid(`Incremental export period to time cannot be greater than the current time : ${iso(now)}`)
  if (to - from < MIN_PERIOD) {
    throw invalid('Difference between export period from time and export period to time is less than 15 minutes')
  }
  if (to - from > MAX_PERIOD) {
    throw invalid('Difference between export period from time and export period to time is greater than 24 hours')
  }
}

/** ExportDescription. */
export function describeExport({ request, ...record }: ExportRecord): object {
  const isFull = request.from === undefined
  return {
    ExportArn: record.exportArn,
    ExportStatus: record.status,
    StartTime: record.startedAt / SECOND,
    EndTime: record.endedAt && record.endedAt / SECOND,
    ExportManifest: record.result?.manifest,
    TableArn: record.tableArn,
    TableId: record.archive.tableId,
    ExportTime: isFull ? request.time / SECOND : undefined,
    ClientToken: request.clientToken,
    S3Bucket: request.bucket,
    S3BucketOwner: request.bucketOwner,
    S3Prefix: request.prefix,
    S3SseAlgorithm: request.sse,
    S3SseKmsKeyId: request.kmsKey,
    FailureCode: record.failure?.code,
    FailureMessage: record.failure?.message,
    ExportFormat: 'DYNAMODB_JSON',
    BilledSizeBytes: record.result?.bytes,
    ItemCount: record.result?.items,
    ExportType: request.type,
    IncrementalExportSpecification: isFull
      ? undefined
      : { ExportFromTime: request.from! / SECOND, ExportToTime: request.time / SECOND, ExportViewType: request.view },
  }
}

function invalid(message: string) {
  return dynamo('InvalidExportTimeException', message)
}

function iso(time: number): string {
  return new Date(time).toISOString()
}
