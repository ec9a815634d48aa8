/** StartBulkPutItems: it reads items from Amazon S3, where from here there is no bucket to be found. */
import { validation } from '../model/errors.ts'
import { operation } from './operation.ts'
import { MISSING_TABLE_NAME, tableName } from './shape/common.ts'
import { enumeration, list, long, required, string, structure } from './shape/shape.ts'
import { findForControl } from './table/find.ts'

const bucket = string({ max: 255 })
const bucketOwner = string({ pattern: '[0-9]{12}' })
const keyPrefix = string({ max: 1024 })

const source = structure(
  {
    S3BucketOwner: bucketOwner,
    S3Bucket: required(bucket),
    S3KeyPrefix: keyPrefix,
    InputFormat: required(enumeration(['DYNAMODB_JSON', 'ION'])),
    InputCompressionType: enumeration(['ZSTD', 'NONE', 'GZIP']),
  },
  { name: 'InputS3Configuration' },
)

const destination = structure(
  {
    S3BucketOwner: bucketOwner,
    S3Bucket: bucket,
    S3KeyPrefix: keyPrefix,
    S3SseAlgorithm: enumeration(['AES256', 'KMS']),
    S3SseKmsKeyId: string({ min: 1, max: 2048 }),
    OutputType: required(list(enumeration(['ERROR', 'CONDITION_CHECK_FAILURE']))),
  },
  { name: 'OutputS3Configuration' },
)

export const startBulkPutItems = operation({
  name: 'StartBulkPutItems',
  input: structure({
    ClientToken: string(),
    InputS3Configuration: required(source),
    OutputS3Configuration: destination,
    TableName: required(tableName, MISSING_TABLE_NAME),
    MaxWriteRequestUnits: long(),
    PerformanceTier: enumeration(['STANDARD', 'ACCELERATED']),
  }),
  handle({ TableName }, call) {
    findForControl(call, TableName)
    throw validation('The specified bucket does not exist')
  },
})
