import { isDeepStrictEqual } from 'node:util'
import type { ImportRequest } from '../backup/imports.ts'
import { dynamo, validation } from '../model/errors.ts'
import { jobArn } from './backup/arn.ts'
import { bucketName, clientToken } from './backup/bucket.ts'
import { describeImport } from './backup/import.ts'
import { operation } from './operation.ts'
import {
  attributeDefinitions,
  billingMode,
  globalSecondaryIndexes,
  keySchema,
  newTableName,
  onDemandThroughput,
  provisionedThroughput,
  sseSpecification,
} from './shape/common.ts'
import { enumeration, list, required, string, structure } from './shape/shape.ts'
import { defineTable } from './table/define.ts'
import { anyList, refuse } from './table/unsupported.ts'

const tableCreationParameters = structure(
  {
    TableName: required(newTableName),
    AttributeDefinitions: required(attributeDefinitions),
    KeySchema: required(keySchema),
    BillingMode: billingMode,
    ProvisionedThroughput: provisionedThroughput,
    OnDemandThroughput: onDemandThroughput,
    SSESpecification: sseSpecification,
    GlobalSecondaryIndexes: globalSecondaryIndexes,
    VectorIndexes: anyList,
  },
  { name: 'TableCreationParameters' },
)

const csv = structure(
  {
    Delimiter: string({ min: 1, max: 1, pattern: '[,;:|\\t ]' }),
    HeaderList: list(string({ min: 1, max: 65_536, pattern: '[\\x20-\\x21\\x23-\\x2B\\x2D-\\x7E]*' }), {
      min: 1,
      max: 255,
    }),
  },
  { name: 'CsvOptions' },
)

/** Answers before there is a table. */
export const importTable = operation({
  name: 'ImportTable',
  input: structure({
    ClientToken: clientToken,
    S3BucketSource: required(
      structure(
        {
          S3BucketOwner: string({ pattern: '[0-9]{12}' }),
          S3Bucket: required(bucketName),
          S3KeyPrefix: string({ max: 1024 }),
        },
        { name: 'S3BucketSource' },
      ),
    ),
    InputFormat: required(enumeration(['ION', 'CSV', 'DYNAMODB_JSON'])),
    InputFormatOptions: structure({ Csv: csv }, { name: 'InputFormatOptions' }),
    InputCompressionType: enumeration(['ZSTD', 'GZIP', 'NONE']),
    TableCreationParameters: required(tableCreationParameters),
  }),
  async handle({ S3BucketSource, InputFormat, InputFormatOptions, TableCreationParameters, ...given }, call) {
    const { TableName, VectorIndexes, ...definition } = TableCreationParameters
    refuse({ VectorIndexes })
    if (InputFormat === 'ION') throw validation('InputFormat ION is not supported')
    if (InputFormatOptions?.Csv && InputFormat !== 'CSV') {
      throw validation(`Invalid Request: Unsupported InputFormatOptions for the given input format: ${InputFormat}.`)
    }
    const request: ImportRequest = {
      bucket: S3BucketSource.S3Bucket,
      bucketOwner: S3BucketSource.S3BucketOwner,
      keyPrefix: S3BucketSource.S3KeyPrefix,
      format: InputFormat,
      csv: InputFormatOptions?.Csv && {
        delimiter: InputFormatOptions.Csv.Delimiter,
        headers: InputFormatOptions.Csv.HeaderList,
      },
      compression: given.InputCompressionType ?? 'NONE',
      clientToken: given.ClientToken,
      parameters: TableCreationParameters,
    }
    const { imports } = call.backup
    const earlier = given.ClientToken && (await imports.findByToken(given.ClientToken))
    if (earlier) {
      if (isDeepStrictEqual(earlier.request, JSON.parse(JSON.stringify(request)))) {
        return { ImportTableDescription: describeImport(earlier, call) }
      }
      throw dynamo('ImportConflictException', 'Import conflict: Duplicate request detected with conflicting parameters')
    }
    const table = defineTable(TableName, definition, call)
    if (call.cluster.tables.find(TableName)) {
      throw dynamo('ResourceInUseException', `Table already exists: ${TableName}`)
    }
    const record = await imports.create(table, request, id => jobArn(call, TableName, 'import', id))
    return { ImportTableDescription: describeImport(record, call) }
  },
})
