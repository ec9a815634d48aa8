/** The state of every operation of the API, from which `generate.ts` makes api.md. */

export type State = 'works' | 'off' | 'refused'

export type OperationRow = {
  name: string
  state: State
  /** What it takes, where that is bounded. */
  limits?: string
  /** Where it differs from DynamoDB in what a client can see. */
  differences?: string
}

const NO_REGIONS = 'One region is all there is.'
const NO_KINESIS = 'No Kinesis can be reached.'
const NO_BULK = 'Bulk operations are not there; ImportTable and BatchWriteItem are.'
const NO_ION = 'ION is refused.'
const BUCKETS = 'A bucket is a folder under `--buckets`, or one of an S3-compatible server.'
const NO_VECTORS = 'There are no vector indexes.'
const AT_ONCE = 'Changes take effect at once; the cooldown of 15 seconds between two is not kept.'

export const OPERATIONS: OperationRow[] = [
  { name: 'BatchExecuteStatement', state: 'works', limits: '25 statements, of one item each' },
  { name: 'BatchGetItem', state: 'works', limits: '100 keys, 16 MB of items' },
  { name: 'BatchWriteItem', state: 'works', limits: '25 requests, 16 MB, 400 KB an item' },
  {
    name: 'CancelBulkOperation',
    state: 'off',
    differences: `None was ever started, so it is not found. ${NO_BULK}`,
  },
  {
    name: 'CreateBackup',
    state: 'works',
    limits: 'names of 3 to 255 characters',
    differences: 'AVAILABLE within moments, and possible as soon as the table is ACTIVE.',
  },
  {
    name: 'CreateGlobalTable',
    state: 'refused',
    differences: 'None: DynamoDB makes no global tables of version 2017.11.29 any more.',
  },
  {
    name: 'CreateTable',
    state: 'works',
    limits: '5 local and 20 global indexes, 100 projected attributes, 50 tags, 40,000 units each way',
    differences:
      'ACTIVE within milliseconds. KMS keys are described, not used. VectorIndexes and GlobalTableSourceArn are refused. Account quotas are not kept.',
  },
  { name: 'DeleteBackup', state: 'works', differences: 'Gone within moments.' },
  { name: 'DeleteItem', state: 'works' },
  {
    name: 'DeleteResourcePolicy',
    state: 'works',
    differences: AT_ONCE,
  },
  {
    name: 'DeleteTable',
    state: 'works',
    differences: 'Gone within milliseconds. Streams are kept for a day of the last 250 tables deleted.',
  },
  { name: 'DescribeBackup', state: 'works' },
  {
    name: 'DescribeBulkOperation',
    state: 'off',
    differences: `None was ever started, so it is not found. ${NO_BULK}`,
  },
  {
    name: 'DescribeContinuousBackups',
    state: 'works',
    differences:
      'LatestRestorableDateTime is the present, to the millisecond; it trails by ten seconds when storage is slow.',
  },
  {
    name: 'DescribeContributorInsights',
    state: 'works',
    differences: 'The rules are names only; `GET /contributor-insights` has their figures.',
  },
  { name: 'DescribeEndpoints', state: 'works' },
  { name: 'DescribeExport', state: 'works' },
  { name: 'DescribeGlobalTable', state: 'off', differences: `GlobalTableNotFoundException. ${NO_REGIONS}` },
  { name: 'DescribeGlobalTableSettings', state: 'off', differences: `GlobalTableNotFoundException. ${NO_REGIONS}` },
  {
    name: 'DescribeImport',
    state: 'works',
    differences: 'Items that were refused are in the log of the process, not in CloudWatch.',
  },
  {
    name: 'DescribeKinesisStreamingDestination',
    state: 'off',
    limits: 'the 50 latest streams',
    differences: `Every stream is ENABLE_FAILED. ${NO_KINESIS}`,
  },
  { name: 'DescribeLimits', state: 'works', differences: "Always an account's initial quotas." },
  {
    name: 'DescribeStream',
    state: 'works',
    limits: '100 shards a page',
    differences: 'A shard is a partition, and stays open as long as its stream is enabled.',
  },
  { name: 'DescribeTable', state: 'works', differences: 'ItemCount and sizes are those of the moment.' },
  {
    name: 'DescribeTableReplicaAutoScaling',
    state: 'off',
    differences: `ResourceNotFoundException, as for any table without replicas. ${NO_REGIONS}`,
  },
  { name: 'DescribeTimeToLive', state: 'works' },
  {
    name: 'DisableKinesisStreamingDestination',
    state: 'refused',
    differences: `No stream is ever ACTIVE. ${NO_KINESIS}`,
  },
  {
    name: 'EnableKinesisStreamingDestination',
    state: 'refused',
    differences: `Answered with ENABLING and failed a moment later, as for a stream that does not exist. ${NO_KINESIS}`,
  },
  { name: 'ExecuteStatement', state: 'works', limits: '8,192 characters, 1 MB a page' },
  { name: 'ExecuteTransaction', state: 'works', limits: '100 statements, 4 MB' },
  {
    name: 'ExportTableToPointInTime',
    state: 'works',
    limits: 'incremental: periods of 15 minutes to 24 hours',
    differences: `${NO_ION} ${BUCKETS} Done within moments. KMS keys and the bucket owner are described, not used.`,
  },
  { name: 'GetItem', state: 'works' },
  {
    name: 'GetRecords',
    state: 'works',
    limits: '1,000 records, 1 MB; 24 hours',
    differences: 'A record can be read as soon as its write is answered. Readers are not throttled.',
  },
  { name: 'GetResourcePolicy', state: 'works', differences: 'Shows changes at once.' },
  { name: 'GetShardIterator', state: 'works', limits: 'valid for 15 minutes' },
  {
    name: 'ImportTable',
    state: 'works',
    differences: `${NO_ION} ${BUCKETS} DynamoDB JSON and CSV; gzip, zstd or plain. The bucket owner is described, not used.`,
  },
  { name: 'ListBackups', state: 'works', limits: '100 a page' },
  { name: 'ListBulkOperations', state: 'off', differences: `The list is empty. ${NO_BULK}` },
  {
    name: 'ListContributorInsights',
    state: 'works',
    limits: '100 a page',
    differences: 'No page but the last is short.',
  },
  { name: 'ListExports', state: 'works', limits: '25 a page' },
  { name: 'ListGlobalTables', state: 'off', differences: `The list is empty. ${NO_REGIONS}` },
  { name: 'ListImports', state: 'works', limits: '25 a page' },
  { name: 'ListStreams', state: 'works', limits: '100 a page' },
  { name: 'ListTables', state: 'works', limits: '100 a page' },
  { name: 'ListTagsOfResource', state: 'works', limits: '10 a page' },
  { name: 'PutItem', state: 'works', limits: '400 KB an item' },
  {
    name: 'PutResourcePolicy',
    state: 'works',
    limits: '20 KB; tables and the latest stream of each',
    differences: `Policies are checked for their form, kept and shown, and not enforced yet; names of actions, resources and principals are taken as they are. ${AT_ONCE}`,
  },
  { name: 'Query', state: 'works', limits: '1 MB a page' },
  {
    name: 'RestoreTableFromBackup',
    state: 'works',
    differences: 'As long as writing the items takes. A damaged backup is refused. VectorIndexOverride is refused.',
  },
  {
    name: 'RestoreTableToPointInTime',
    state: 'works',
    differences: 'To any millisecond of the window, in this region. VectorIndexOverride is refused.',
  },
  { name: 'Scan', state: 'works', limits: '1 MB a page, 1,000,000 segments' },
  {
    name: 'SearchVectors',
    state: 'off',
    differences: `ValidationException, as for a table without the index. ${NO_VECTORS}`,
  },
  { name: 'StartBulkPutItems', state: 'refused', differences: `The bucket does not exist. ${NO_BULK}` },
  { name: 'TagResource', state: 'works', limits: '50 tags a table', differences: 'Shows at once.' },
  { name: 'TransactGetItems', state: 'works', limits: '100 items, 4 MB' },
  { name: 'TransactWriteItems', state: 'works', limits: '100 actions, 4 MB' },
  { name: 'UntagResource', state: 'works', differences: 'Shows at once.' },
  { name: 'UpdateContinuousBackups', state: 'works', limits: '1 to 35 days', differences: 'In effect at once.' },
  {
    name: 'UpdateContributorInsights',
    state: 'works',
    limits: 'the 25 heaviest of some 200 keys counted, in windows of five minutes',
    differences:
      'ENABLED at once. Figures are of this process and begin anew when it starts; those of an index count its reads alone. Throttled keys need throttling, which is not there yet.',
  },
  { name: 'UpdateGlobalTable', state: 'refused', differences: `There is none to update. ${NO_REGIONS}` },
  { name: 'UpdateGlobalTableSettings', state: 'off', differences: `GlobalTableNotFoundException. ${NO_REGIONS}` },
  { name: 'UpdateItem', state: 'works', limits: '400 KB an item' },
  {
    name: 'UpdateKinesisStreamingDestination',
    state: 'refused',
    differences: `No stream is ever ACTIVE. ${NO_KINESIS}`,
  },
  {
    name: 'UpdateTable',
    state: 'works',
    limits: 'one kind of change at a time; the quotas of decreases, billing switches, table class and encryption',
    differences: `ACTIVE again within milliseconds, or when a new index is filled; so are encryption and warm throughput; deletion protection has no cooldown. Replicas are refused: this region is the only supported one. VectorIndexUpdates are refused.`,
  },
  {
    name: 'UpdateTableReplicaAutoScaling',
    state: 'off',
    differences: `ResourceNotFoundException, as for any table without replicas. ${NO_REGIONS}`,
  },
  {
    name: 'UpdateTimeToLive',
    state: 'works',
    differences: 'In effect at once, and without a cooldown. An item is gone seconds after it has expired.',
  },
]
