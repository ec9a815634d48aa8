/** What speaks of something that only exists in Amazon's cloud: off, or refused as DynamoDB refuses it. */
import test from 'ava'
import { refusal, sharedTable, startApi } from './api.ts'

const { db } = await startApi({ inMemory: true })
const TableName = sharedTable(db, { key: 'pk:S' })
const STREAM = 'arn:aws:kinesis:us-east-1:123456789012:stream/changes'
const OLD_VERSION =
  'ValidationException: One or more parameter values were invalid: DynamoDB global tables version 2017.11.29 is not supported. We recommend using DynamoDB global tables version 2019.11.21, instead of version 2017.11.29 (Legacy).'

test('there are no global tables of the first version', async t => {
  const GlobalTableName = TableName
  const none = `Global table with name: '${TableName}' does not exist.`
  t.deepEqual((await db.listGlobalTables({ Limit: 1 })).GlobalTables, [])
  t.is(
    await refusal(db.describeGlobalTable({ GlobalTableName })),
    `GlobalTableNotFoundException: Global table not found: ${none}`,
  )
  t.is(await refusal(db.describeGlobalTableSettings({ GlobalTableName })), `GlobalTableNotFoundException: ${none}`)
  t.is(
    await refusal(db.updateGlobalTableSettings({ GlobalTableName, GlobalTableBillingMode: 'PAY_PER_REQUEST' })),
    `GlobalTableNotFoundException: ${none}`,
  )
  t.is(
    await refusal(db.createGlobalTable({ GlobalTableName, ReplicationGroup: [{ RegionName: 'us-east-1' }] })),
    OLD_VERSION,
  )
  const update = (...ReplicaUpdates: { Create?: { RegionName: string }; Delete?: { RegionName: string } }[]) =>
    refusal(db.updateGlobalTable({ GlobalTableName, ReplicaUpdates }))
  t.is(await update(), 'ValidationException: One or more parameter values were invalid')
  t.is(await update({ Create: { RegionName: 'us-east-1' } }), OLD_VERSION)
  t.is(
    await update({ Delete: { RegionName: 'us-east-1' } }),
    `GlobalTableNotFoundException: Global table not found: ${none}`,
  )
})

test('no table has replicas', async t => {
  const none = `ResourceNotFoundException: Global table with name: '${TableName}' does not exist.`
  t.is(await refusal(db.describeTableReplicaAutoScaling({ TableName })), none)
  const arn = (await db.describeTable({ TableName })).Table!.TableArn!
  t.is(await refusal(db.describeTableReplicaAutoScaling({ TableName: arn })), none)
  t.is(
    await refusal(
      db.updateTableReplicaAutoScaling({
        TableName,
        ProvisionedWriteCapacityAutoScalingUpdate: { MinimumUnits: 1, MaximumUnits: 2 },
      }),
    ),
    none,
  )
  t.is(
    await refusal(db.updateTable({ TableName, ReplicaUpdates: [{ Create: { RegionName: 'eu-west-1' } }] })),
    'ValidationException: Region eu-west-1 is not supported. The latest version of global tables are only supported in the following regions: [us-east-1]',
  )
})

test('a Kinesis stream is never reached', async t => {
  const describe = async () =>
    (await db.describeKinesisStreamingDestination({ TableName })).KinesisDataStreamDestinations
  t.deepEqual(await describe(), [])
  const enabled = await db.enableKinesisStreamingDestination({ TableName, StreamArn: STREAM })
  t.like(enabled, { TableName, StreamArn: STREAM, DestinationStatus: 'ENABLING' })
  const failed = {
    StreamArn: STREAM,
    DestinationStatus: 'ENABLE_FAILED',
    DestinationStatusDescription: 'User does not have a permission to use kinesis stream',
  }
  t.deepEqual(await describe(), [failed])
  await db.enableKinesisStreamingDestination({ TableName, StreamArn: STREAM })
  const elsewhere = STREAM.replace('us-east-1', 'eu-west-1')
  await db.enableKinesisStreamingDestination({
    TableName,
    StreamArn: elsewhere,
    EnableKinesisStreamingConfiguration: { ApproximateCreationDateTimePrecision: 'MICROSECOND' },
  })
  t.deepEqual(await describe(), [
    {
      StreamArn: elsewhere,
      DestinationStatus: 'ENABLE_FAILED',
      DestinationStatusDescription:
        'The kinesis Arn used to enable kinesis replication belongs to a stream which is not in the current region',
      ApproximateCreationDateTimePrecision: 'MICROSECOND',
    },
    failed,
  ])
})

test('what no Kinesis stream feeds cannot be changed or ended', async t => {
  const STATE = 'ValidationException: Table is not in a valid state to enable Kinesis Streaming Destination: '
  const disable = { TableName, StreamArn: STREAM }
  t.is(
    await refusal(db.disableKinesisStreamingDestination(disable)),
    `${STATE}KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.`,
  )
  t.is(
    await refusal(db.disableKinesisStreamingDestination({ ...disable, EnableKinesisStreamingConfiguration: {} })),
    'ValidationException: Stream cannot be disabled using EnableKinesisStreamingConfiguration parameters',
  )
  t.is(
    await refusal(db.updateKinesisStreamingDestination(disable)),
    'ValidationException: Streaming destination cannot be updated with given parameters: UpdateKinesisStreamingConfiguration cannot be null or contain only null values',
  )
  t.is(
    await refusal(
      db.updateKinesisStreamingDestination({
        ...disable,
        UpdateKinesisStreamingConfiguration: { ApproximateCreationDateTimePrecision: 'MILLISECOND' },
      }),
    ),
    `${STATE}Kinesis streaming is not in ACTIVE state. Updates are only allowed in ACTIVE state. TableName: ${TableName}, kdsArn: ${STREAM}`,
  )
  const missing = 'ResourceNotFoundException: Requested resource not found: Table: missing not found'
  t.is(await refusal(db.enableKinesisStreamingDestination({ TableName: 'missing', StreamArn: STREAM })), missing)
  t.is(await refusal(db.describeKinesisStreamingDestination({ TableName: 'missing' })), missing)
  t.is(await refusal(db.disableKinesisStreamingDestination({ TableName: 'missing', StreamArn: STREAM })), missing)
})

test('a table remembers a bounded number of Kinesis streams', async t => {
  const table = await db.createTable({
    TableName: 'many-streams',
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
  })
  const TableName = table.TableDescription!.TableName!
  for (let i = 0; i < 51; i++) {
    await db.enableKinesisStreamingDestination({ TableName, StreamArn: `${STREAM}-${i}` })
  }
  const { KinesisDataStreamDestinations: all = [] } = await db.describeKinesisStreamingDestination({ TableName })
  t.is(all.length, 50)
  t.is(all[0]!.StreamArn, `${STREAM}-50`)
})

test('bulk operations read from a bucket that is not there', async t => {
  t.deepEqual((await db.listBulkOperations({})).BulkOperationsSummaryList, [])
  const input = {
    TableName,
    InputS3Configuration: { S3Bucket: 'bucket', InputFormat: 'DYNAMODB_JSON' as const },
    OutputS3Configuration: { OutputType: ['ERROR' as const] },
  }
  t.is(await refusal(db.startBulkPutItems(input)), 'ValidationException: The specified bucket does not exist')
  t.is(
    await refusal(db.startBulkPutItems({ ...input, TableName: 'missing' })),
    'ResourceNotFoundException: Requested resource not found: Table: missing not found',
  )
  const BulkOperationArn = `arn:aws:dynamodb:us-east-1:123456789012:table/${TableName}/bulk/1`
  const none = `ResourceNotFoundException: Requested resource not found: BulkOperation: ${BulkOperationArn} not found`
  t.is(await refusal(db.describeBulkOperation({ BulkOperationArn })), none)
  t.is(await refusal(db.cancelBulkOperation({ BulkOperationArn })), none)
})

test('no table has a vector index', async t => {
  const search = { IndexName: 'vectors', SearchVector: [{ N: '1' }], TopK: 3 }
  t.is(
    await refusal(db.searchVectors({ TableName, ...search })),
    'ValidationException: The table does not have the specified index: vectors',
  )
  t.is(
    await refusal(db.searchVectors({ TableName: 'missing', ...search })),
    'ResourceNotFoundException: Requested resource not found',
  )
})
