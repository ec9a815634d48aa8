/** Exports to buckets, imports from them, and the one made of the other. */
import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib'
import type { ExportTableToPointInTimeCommandInput, ImportTableCommandInput } from '@aws-sdk/client-dynamodb'
import test from 'ava'
import { fill, indexed, invalid, makeTable, type Plain, refusal, startApi } from './api.ts'
import { active, itemsOf, protect, sorted } from './backups.ts'

const { db, docs, node } = await startApi()
const bucket = (name: string) => join(node.dataDir!, 'buckets', 'my-bucket', name)

test.before(() => mkdir(bucket(''), { recursive: true }))

const ITEMS: Plain[] = Array.from({ length: 50 }, (_, i) => ({
  pk: `p${i}`,
  sk: i,
  g: i % 4,
  text: 'ü"\\\n',
  bytes: Uint8Array.of(i, 255),
  nested: { list: [1, null, { deep: true }], set: new Set(['a', 'b']) },
}))

async function recoverable(): Promise<{ TableName: string; TableArn: string }> {
  const TableName = await makeTable(db, { key: 'pk:S | sk:N', global: { byG: { key: 'g:N' } } })
  await fill(docs, TableName, ITEMS)
  await protect(db, TableName)
  return { TableName, TableArn: (await db.describeTable({ TableName })).Table!.TableArn! }
}

async function exported(request: ExportTableToPointInTimeCommandInput) {
  const { ExportDescription } = await db.exportTableToPointInTime(request)
  for (let i = 0; i < 100; i++) {
    const answer = await db.describeExport({ ExportArn: ExportDescription!.ExportArn })
    if (answer.ExportDescription!.ExportStatus !== 'IN_PROGRESS') return answer.ExportDescription!
    await sleep(50)
  }
  throw new Error('the export does not end')
}

async function imported(request: ImportTableCommandInput) {
  const { ImportTableDescription } = await db.importTable(request)
  for (let i = 0; i < 100; i++) {
    const answer = await db.describeImport({ ImportArn: ImportTableDescription!.ImportArn })
    if (answer.ImportTableDescription!.ImportStatus !== 'IN_PROGRESS') return answer.ImportTableDescription!
    await sleep(50)
  }
  throw new Error('the import does not end')
}

let tables = 0
const parameters = (more: object = {}): ImportTableCommandInput['TableCreationParameters'] => ({
  TableName: `imported-${++tables}`,
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'N' },
  ],
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  BillingMode: 'PAY_PER_REQUEST',
  ...more,
})

async function put(name: string, bytes: string | Uint8Array): Promise<void> {
  await mkdir(dirname(bucket(name)), { recursive: true })
  await writeFile(bucket(name), bytes)
}

const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('base64')

test('an export has the documented files, and imports as the same table', async t => {
  const { TableName, TableArn } = await recoverable()
  const description = await exported({ TableArn, S3Bucket: 'my-bucket', S3Prefix: 'some/where' })
  t.like(description, {
    ExportStatus: 'COMPLETED',
    ItemCount: ITEMS.length,
    ExportFormat: 'DYNAMODB_JSON',
    S3SseAlgorithm: 'AES256',
    S3Bucket: 'my-bucket',
    TableArn,
  })
  const id = description.ExportArn!.split('/').at(-1)!
  const folder = `some/where/AWSDynamoDB/${id}`
  t.is(description.ExportManifest, `${folder}/manifest-summary.json`)
  t.is((await readFile(bucket(`${folder}/_started`))).length, 0)
  const summaryBytes = await readFile(bucket(`${folder}/manifest-summary.json`))
  t.is((await readFile(bucket(`${folder}/manifest-summary.checksum`))).toString(), md5(summaryBytes))
  const summary = JSON.parse(summaryBytes.toString())
  t.like(summary, {
    version: '2020-06-30',
    exportArn: description.ExportArn,
    tableArn: TableArn,
    s3Bucket: 'my-bucket',
    s3Prefix: 'some/where',
    s3SseKmsKeyId: null,
    manifestFilesS3Key: `${folder}/manifest-files.json`,
    itemCount: ITEMS.length,
    outputFormat: 'DYNAMODB_JSON',
  })
  const filesBytes = await readFile(bucket(`${folder}/manifest-files.json`))
  t.is((await readFile(bucket(`${folder}/manifest-files.checksum`))).toString(), md5(filesBytes))
  const files = filesBytes
    .toString()
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  let count = 0
  for (const { itemCount, md5Checksum, dataFileS3Key } of files) {
    t.regex(dataFileS3Key, new RegExp(`^${folder}/data/[a-z2-7]{26}\\.json\\.gz$`))
    const stored = await readFile(bucket(dataFileS3Key))
    t.is(md5Checksum, md5(stored))
    const lines = gunzipSync(stored).toString().split('\n').slice(0, -1)
    t.is(lines.length, itemCount)
    for (const line of lines) t.deepEqual(Object.keys(JSON.parse(line)), ['Item'])
    count += lines.length
  }
  t.is(count, ITEMS.length)
  const result = await imported({
    S3BucketSource: { S3Bucket: 'my-bucket', S3KeyPrefix: `${folder}/data/` },
    InputFormat: 'DYNAMODB_JSON',
    InputCompressionType: 'GZIP',
    TableCreationParameters: parameters({
      TableName: 'roundtrip',
      AttributeDefinitions: [...parameters()!.AttributeDefinitions!, { AttributeName: 'g', AttributeType: 'N' }],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'byG',
          KeySchema: [{ AttributeName: 'g', KeyType: 'HASH' }],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
    }),
  })
  t.like(result, { ImportStatus: 'COMPLETED', ImportedItemCount: ITEMS.length, ErrorCount: 0 })
  await active(db, 'roundtrip')
  t.deepEqual(await itemsOf(docs, 'roundtrip'), await itemsOf(docs, TableName))
  await indexed(docs, 'roundtrip', 'byG', ITEMS.length)
})

test('an export shows the table as it was', async t => {
  const { TableName, TableArn } = await recoverable()
  await docs.put({ TableName, Item: { pk: 'in', sk: 1 } })
  await sleep(10)
  const ExportTime = new Date()
  await sleep(10)
  await docs.put({ TableName, Item: { pk: 'out', sk: 1 } })
  await docs.delete({ TableName, Key: { pk: 'p0', sk: 0 } })
  const description = await exported({ TableArn, S3Bucket: 'my-bucket', ExportTime, ClientToken: 'token' })
  t.like(description, { ExportStatus: 'COMPLETED', ItemCount: ITEMS.length + 1, ExportTime })
  const again = await db.exportTableToPointInTime({ TableArn, S3Bucket: 'my-bucket', ExportTime, ClientToken: 'token' })
  t.is(again.ExportDescription!.ExportArn, description.ExportArn)
  t.is(
    await refusal(
      db.exportTableToPointInTime({ TableArn, S3Bucket: 'other-bucket', ExportTime, ClientToken: 'token' }),
    ),
    'ExportConflictException: Export conflict: Duplicate request detected with conflicting parameters',
  )
  const { ExportSummaries } = await db.listExports({ TableArn })
  t.deepEqual(ExportSummaries, [
    { ExportArn: description.ExportArn, ExportStatus: 'COMPLETED', ExportType: 'FULL_EXPORT' },
  ])
})

test('exports that fail or are refused', async t => {
  const { TableArn } = await recoverable()
  const S3Bucket = 'my-bucket'
  t.like(await exported({ TableArn, S3Bucket: 'no-such-bucket' }), {
    ExportStatus: 'FAILED',
    FailureCode: 'S3NoSuchBucket',
  })
  t.like(await exported({ TableArn, S3Bucket, S3Prefix: '../../outside' }), { ExportStatus: 'FAILED' })
  const plain = await makeTable(db, { key: 'pk:S' })
  const attempt = (more: object) => refusal(db.exportTableToPointInTime({ TableArn, S3Bucket, ...more }))
  t.is(
    await attempt({ TableArn: TableArn.replace(/[^/]+$/, plain) }),
    `PointInTimeRecoveryUnavailableException: Point in time recovery is not enabled for table '${plain}'`,
  )
  t.is(
    await attempt({ TableArn: plain }),
    'ValidationException: One or more parameter values were invalid: tableArn is not a valid ARN',
  )
  t.is(
    await attempt({ TableArn: `${TableArn}/index/byG` }),
    'ValidationException: Invalid Request: Table ARN is invalid.',
  )
  const missing = `${TableArn}-missing`
  t.is(await attempt({ TableArn: missing }), `TableNotFoundException: Table not found: ${missing}`)
  t.is(await attempt({ ExportTime: new Date(0) }), 'InvalidExportTimeException: Export Time is invalid')
  t.is(
    await attempt({ S3SseKmsKeyId: 'key' }),
    'ValidationException: Invalid Request: KMS Key Id is not supported for this encryption type',
  )
  t.is(
    await attempt({ ExportType: 'INCREMENTAL_EXPORT' }),
    'ValidationException: Invalid Request: Incremental Export Specification expected when export type is set as Incremental Export',
  )
  t.regex(
    await attempt({
      ExportType: 'INCREMENTAL_EXPORT',
      IncrementalExportSpecification: { ExportFromTime: new Date(0) },
    }),
    /^InvalidExportTimeException: Incremental export period from time cannot be less than the table creation time : /,
  )
  t.is(
    await attempt({
      ExportType: 'INCREMENTAL_EXPORT',
      IncrementalExportSpecification: { ExportFromTime: new Date() },
    }),
    'InvalidExportTimeException: Difference between export period from time and export period to time is less than 15 minutes',
  )
})

test('bad lines are counted, the others are imported', async t => {
  const lines = [
    '{"Item":{"pk":{"S":"a"},"sk":{"N":"1"},"v":{"S":"kept"}}}',
    'no json',
    '{"Item":{"pk":{"S":"b"}}}',
    '',
    '{"Item":{"pk":{"S":"c"},"sk":{"N":"x"}}}',
    '{"Items":{}}',
    '{"Item":{"pk":{"S":"d"},"sk":{"N":"1"},"__proto__":{"S":"kept too"}}}',
    `{"Item":{"pk":{"S":"e"},"sk":{"N":"1"},"v":{"S":"${'x'.repeat(410_000)}"}}}`,
    `{"Item":${'{"a":{"M":'.repeat(5000)}`,
    '{"Item":[]}',
    'null',
  ]
  await put('bad/one', lines.join('\n'))
  const TableCreationParameters = parameters()
  const result = await imported({
    S3BucketSource: { S3Bucket: 'my-bucket', S3KeyPrefix: 'bad/' },
    InputFormat: 'DYNAMODB_JSON',
    TableCreationParameters,
  })
  t.like(result, {
    ImportStatus: 'FAILED',
    FailureCode: 'ItemValidationError',
    ProcessedItemCount: 10,
    ImportedItemCount: 2,
    ErrorCount: 8,
  })
  const { TableName } = TableCreationParameters!
  await active(db, TableName!)
  t.deepEqual(
    (await itemsOf(docs, TableName!)).map(({ pk }) => pk),
    ['a', 'd'],
  )
})

test('CSV, with and without a header, in all compressions', async t => {
  const rows = [
    'pk,sk,note,empty',
    'a,1,"said ""hi"", then left",',
    'b,2,plain,x',
    'c,no number,,',
    'd,4,too,many,fields',
  ]
  await put('csv/plain/1', rows.join('\r\n'))
  await put('csv/gzip/1.gz', gzipSync(rows.join('\n')))
  await put('csv/zstd/1.zst', zstdCompressSync(rows.join('\n')))
  await put('csv/bare/1', rows.slice(1).join('\n').replaceAll(',', ';'))
  const expected = [
    { pk: 'a', sk: 1, note: 'said "hi", then left' },
    { pk: 'b', sk: 2, note: 'plain', empty: 'x' },
  ]
  const kinds = [
    ['plain', 'NONE', undefined],
    ['gzip', 'GZIP', undefined],
    ['zstd', 'ZSTD', undefined],
    ['bare', 'NONE', { Csv: { Delimiter: ';', HeaderList: ['pk', 'sk', 'note', 'empty'] } }],
  ] as const
  for (const [kind, InputCompressionType, options] of kinds) {
    const TableCreationParameters = parameters()
    const result = await imported({
      S3BucketSource: { S3Bucket: 'my-bucket', S3KeyPrefix: `csv/${kind}/` },
      InputFormat: 'CSV',
      InputFormatOptions: options && { Csv: { ...options.Csv, HeaderList: [...options.Csv.HeaderList] } },
      InputCompressionType,
      TableCreationParameters,
    })
    t.like(result, { ImportedItemCount: 2, ErrorCount: 2 }, kind)
    await active(db, TableCreationParameters!.TableName!)
    const note = kind === 'bare' ? 'said "hi"; then left' : 'said "hi", then left'
    t.deepEqual(
      await itemsOf(docs, TableCreationParameters!.TableName!),
      [{ ...expected[0]!, note }, expected[1]!],
      kind,
    )
  }
})

test('imports that fail as a whole, and those that have nothing to do', async t => {
  const from = (S3Bucket: string, S3KeyPrefix: string, more: object = {}) => ({
    S3BucketSource: { S3Bucket, S3KeyPrefix },
    InputFormat: 'DYNAMODB_JSON' as const,
    TableCreationParameters: parameters(),
    ...more,
  })
  const failed = await imported(from('no-such-bucket', ''))
  t.like(failed, { ImportStatus: 'FAILED', FailureCode: 'S3NoSuchBucket' })
  t.false((await db.listTables({})).TableNames!.includes(failed.TableCreationParameters!.TableName!))
  t.like(await imported(from('my-bucket', 'nothing/here')), { ImportStatus: 'COMPLETED', ProcessedItemCount: 0 })
  await put('mismatch/1', 'this is no gzip')
  t.like(await imported(from('my-bucket', 'mismatch/', { InputCompressionType: 'GZIP' })), {
    ImportStatus: 'FAILED',
    ErrorCount: 1,
  })
  const TableName = await makeTable(db, { key: 'pk:S' })
  t.is(
    await refusal(db.importTable(from('my-bucket', '', { TableCreationParameters: parameters({ TableName }) }))),
    `ResourceInUseException: Table already exists: ${TableName}`,
  )
  t.is(
    await invalid(db.importTable(from('my-bucket', '', { InputFormatOptions: { Csv: { Delimiter: ';' } } }))),
    'Invalid Request: Unsupported InputFormatOptions for the given input format: DYNAMODB_JSON.',
  )
  const first = await db.listImports({ PageSize: 1 })
  t.is(first.ImportSummaryList!.length, 1)
  const second = await db.listImports({ PageSize: 1, NextToken: first.NextToken })
  t.true(second.ImportSummaryList![0]!.ImportArn! < first.ImportSummaryList![0]!.ImportArn! || tables > 2)
})

test('many items come in, each once', async t => {
  const lines = Array.from({ length: 5000 }, (_, i) => `{"Item":{"pk":{"S":"p${i % 50}"},"sk":{"N":"${i}"}}}`)
  await put('many/1', lines.slice(0, 2500).join('\n'))
  await put('many/2', lines.slice(2500).join('\n'))
  const result = await imported({
    S3BucketSource: { S3Bucket: 'my-bucket', S3KeyPrefix: 'many' },
    InputFormat: 'DYNAMODB_JSON',
    TableCreationParameters: parameters({ TableName: 'many' }),
  })
  t.like(result, { ImportStatus: 'COMPLETED', ImportedItemCount: 5000 })
  await active(db, 'many')
  const items = await itemsOf(docs, 'many')
  t.deepEqual(items, sorted(Array.from({ length: 5000 }, (_, i) => ({ pk: `p${i % 50}`, sk: i }))))
})
