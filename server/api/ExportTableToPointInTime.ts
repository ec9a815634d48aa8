import { isDeepStrictEqual } from 'node:util'
import type { ExportRequest } from '../backup/exports.ts'
import { dynamo, validation } from '../model/errors.ts'
import { jobArn } from './backup/arn.ts'
import { bucketName, clientToken } from './backup/bucket.ts'
import { checkRecovery } from './backup/continuous.ts'
import {
  checkExport,
  describeExport,
  exportTimes,
  exportType,
  incrementalExportSpecification,
} from './backup/export.ts'
import { findByArn } from './backup/tablearn.ts'
import { operation } from './operation.ts'
import { enumeration, required, string, structure, timestamp } from './shape/shape.ts'
import { refuse } from './table/unsupported.ts'

export const exportTableToPointInTime = operation({
  name: 'ExportTableToPointInTime',
  input: structure({
    TableArn: required(string({ min: 1, max: 1024 })),
    ExportTime: timestamp(),
    ClientToken: clientToken,
    S3Bucket: required(bucketName),
    S3BucketOwner: string({ pattern: '[0-9]{12}' }),
    S3Prefix: string({ max: 1024 }),
    S3SseAlgorithm: enumeration(['AES256', 'KMS']),
    S3SseKmsKeyId: string({ min: 1, max: 2048 }),
    ExportFormat: enumeration(['ION', 'DYNAMODB_JSON']),
    ExportType: exportType,
    IncrementalExportSpecification: incrementalExportSpecification,
    FilterSpecification: structure({}),
  }),
  async handle({ TableArn, ExportFormat, FilterSpecification, ...given }, call) {
    refuse({ FilterSpecification })
    if (ExportFormat === 'ION') throw validation('ExportFormat ION is not supported')
    if (given.S3SseKmsKeyId !== undefined && given.S3SseAlgorithm !== 'KMS') {
      throw validation('Invalid Request: KMS Key Id is not supported for this encryption type')
    }
    checkExport(given)
    const { exports } = call.backup
    const table = findByArn(call, TableArn)
    checkRecovery(table)
    const wish: Omit<ExportRequest, 'time'> = {
      type: given.ExportType,
      bucket: given.S3Bucket,
      bucketOwner: given.S3BucketOwner,
      prefix: given.S3Prefix,
      sse: given.S3SseAlgorithm ?? 'AES256',
      kmsKey: given.S3SseKmsKeyId,
      clientToken: given.ClientToken,
      asked: JSON.stringify([given.ExportTime ?? null, given.IncrementalExportSpecification ?? null]),
    }
    const earlier = given.ClientToken && (await exports.findByToken(table.name, given.ClientToken))
    if (earlier) {
      const { time: _, from: __, view: ___, ...before } = earlier.request
      if (isDeepStrictEqual(before, JSON.parse(JSON.stringify(wish))))
        return { ExportDescription: describeExport(earlier) }
      throw dynamo('ExportConflictException', 'Export conflict: Duplicate request detected with conflicting parameters')
    }
    const request = { ...wish, ...(await exportTimes(table, given, call)) }
    const archive = { tableId: table.id, archive: table.pointInTimeRecovery!.id }
    const about = { tableName: table.name, tableArn: TableArn, archive, request }
    const record = await exports.create(about, id => jobArn(call, table.name, 'export', id))
    return { ExportDescription: describeExport(record) }
  },
})
