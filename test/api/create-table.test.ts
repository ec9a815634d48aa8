import type { CreateTableCommandInput, TableDescription } from '@aws-sdk/client-dynamodb'
import test from 'ava'
import {
  INVALID_PARAMETER,
  indexed,
  invalid,
  makeTable,
  refusal,
  startApi,
  startOwnApi,
  type TableSpec,
  tableRequest,
} from './api.ts'

const { db, docs } = await startApi()

test('a table is CREATING in the answer, and ACTIVE for who looks next', async t => {
  const { TableDescription: created } = await db.createTable(tableRequest({ name: 'fresh', key: 'pk:S | sk:N' }))
  t.is(created?.TableStatus, 'CREATING')
  t.is(created!.ItemCount, 0)
  t.is(created!.TableSizeBytes, 0)
  const { Table: table } = await db.describeTable({ TableName: 'fresh' })
  t.is(table?.TableStatus, 'ACTIVE')
  t.is(table!.TableId, created!.TableId)
  t.true(Math.abs(table!.CreationDateTime!.getTime() - Date.now()) < 60_000)
})

test('a table can be written to and read from at once', async t => {
  const TableName = await makeTable(db, { key: 'pk:S' })
  await db.putItem({ TableName, Item: { pk: { S: 'a' } } })
  t.deepEqual((await db.getItem({ TableName, Key: { pk: { S: 'a' } } })).Item, { pk: { S: 'a' } })
})

test('DescribeTable shows an on-demand table as AWS does', async t => {
  const TableName = await makeTable(db, {
    key: 'pk:S | sk:N',
    local: { byDate: { key: 'pk:S | date:S', project: ['a', 'b'] } },
    global: { byColor: { key: 'color:B', project: 'KEYS_ONLY' } },
  })
  const { Table: table } = await db.describeTable({ TableName })
  const { TableId, TableArn: arn, CreationDateTime, BillingModeSummary, ...rest } = table!
  t.regex(arn!, new RegExp(`^arn:aws:dynamodb:us-east-1:\\d{12}:table/${TableName}$`))
  t.regex(TableId!, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  t.true(CreationDateTime instanceof Date)
  t.is(BillingModeSummary?.BillingMode, 'PAY_PER_REQUEST')
  t.true(BillingModeSummary?.LastUpdateToPayPerRequestDateTime instanceof Date)
  const free = { NumberOfDecreasesToday: 0, ReadCapacityUnits: 0, WriteCapacityUnits: 0 }
  const warm = { ReadUnitsPerSecond: 12_000, WriteUnitsPerSecond: 4_000, Status: 'ACTIVE' }
  t.deepEqual(rest as object, {
    TableName,
    TableStatus: 'ACTIVE',
    AttributeDefinitions: [
      { AttributeName: 'pk', AttributeType: 'S' },
      { AttributeName: 'sk', AttributeType: 'N' },
      { AttributeName: 'date', AttributeType: 'S' },
      { AttributeName: 'color', AttributeType: 'B' },
    ],
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    ItemCount: 0,
    TableSizeBytes: 0,
    ProvisionedThroughput: free,
    WarmThroughput: warm,
    DeletionProtectionEnabled: false,
    LocalSecondaryIndexes: [
      {
        IndexName: 'byDate',
        IndexArn: `${arn}/index/byDate`,
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'date', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['a', 'b'] },
        IndexSizeBytes: 0,
        ItemCount: 0,
      },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'byColor',
        IndexArn: `${arn}/index/byColor`,
        IndexStatus: 'ACTIVE',
        KeySchema: [{ AttributeName: 'color', KeyType: 'HASH' }],
        Projection: { ProjectionType: 'KEYS_ONLY' },
        IndexSizeBytes: 0,
        ItemCount: 0,
        ProvisionedThroughput: free,
        WarmThroughput: warm,
      },
    ],
  })
})

test('DescribeTable shows a provisioned table without a billing mode summary', async t => {
  const TableName = await makeTable(db, {
    key: 'pk:S',
    more: { BillingMode: undefined, ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 7 } },
  })
  const { Table: table } = await db.describeTable({ TableName })
  t.is(table?.BillingModeSummary, undefined)
  t.is(table?.ProvisionedThroughput?.ReadCapacityUnits, 5)
  t.is(table?.ProvisionedThroughput?.WriteCapacityUnits, 7)
  t.is(table?.ProvisionedThroughput?.NumberOfDecreasesToday, 0)
  t.like(table?.WarmThroughput, { ReadUnitsPerSecond: 5, WriteUnitsPerSecond: 7, Status: 'ACTIVE' })
})

test('DescribeTable counts the items and their bytes', async t => {
  const TableName = await makeTable(db, { key: 'pk:S', global: { byG: { key: 'g:S', project: 'KEYS_ONLY' } } })
  await db.putItem({ TableName, Item: { pk: { S: 'a' }, g: { S: 'x' }, more: { S: '0123456789' } } })
  await db.putItem({ TableName, Item: { pk: { S: 'b' } } })
  await indexed(docs, TableName, 'byG', 1)
  const { Table: table } = await db.describeTable({ TableName })
  t.is(table?.ItemCount, 2)
  t.true(table!.TableSizeBytes! >= 22)
  t.is(table?.GlobalSecondaryIndexes?.[0]?.ItemCount, 1)
})

test('optional settings are kept and shown', async t => {
  const TableName = await makeTable(db, {
    key: 'pk:S',
    more: {
      DeletionProtectionEnabled: true,
      TableClass: 'STANDARD_INFREQUENT_ACCESS',
      OnDemandThroughput: { MaxReadRequestUnits: 100, MaxWriteRequestUnits: 50 },
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
      SSESpecification: { Enabled: true, SSEType: 'KMS' },
      Tags: [{ Key: 'team', Value: 'blue' }],
    },
  })
  const { Table } = await db.describeTable({ TableName })
  const table: TableDescription = Table!
  t.true(table.DeletionProtectionEnabled)
  t.is(table.TableClassSummary?.TableClass, 'STANDARD_INFREQUENT_ACCESS')
  t.deepEqual(table.OnDemandThroughput, { MaxReadRequestUnits: 100, MaxWriteRequestUnits: 50 })
  t.deepEqual(table.StreamSpecification, { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' })
  t.is(table.LatestStreamArn, `${table.TableArn}/stream/${table.LatestStreamLabel}`)
  t.regex(table.LatestStreamLabel!, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}$/)
  t.like(table.SSEDescription, { Status: 'ENABLED', SSEType: 'KMS' })
  t.deepEqual((await db.listTagsOfResource({ ResourceArn: table.TableArn })).Tags, [{ Key: 'team', Value: 'blue' }])
})

test('a name can be taken once', async t => {
  const request = tableRequest({ key: 'pk:S' })
  await db.createTable(request)
  t.is(await refusal(db.createTable(request)), `ResourceInUseException: Table already exists: ${request.TableName}`)
})

test('of many that create one table at once, one does', async t => {
  const request = tableRequest({ key: 'pk:S' })
  const answers = await Promise.all(Array.from({ length: 8 }, () => refusal(db.createTable(request))))
  t.is(answers.filter(answer => answer === 'done').length, 1)
  t.is(answers.filter(answer => answer.startsWith('ResourceInUseException: ')).length, 7)
})

test('a region given at the start is in the ARNs', async t => {
  const { db: west } = await startOwnApi(t, { region: 'eu-west-1' })
  const TableName = await makeTable(west, { key: 'pk:S' })
  const { Table } = await west.describeTable({ TableName })
  t.regex(Table!.TableArn!, new RegExp(`^arn:aws:dynamodb:eu-west-1:\\d{12}:table/${TableName}$`))
})

test('what Terraform asks for after creating a table has answers', async t => {
  const TableName = await makeTable(db, { key: 'pk:S' })
  const { Table } = await db.describeTable({ TableName })
  t.is(Table?.TableStatus, 'ACTIVE')
  t.is((await db.describeTimeToLive({ TableName })).TimeToLiveDescription?.TimeToLiveStatus, 'DISABLED')
  const { ContinuousBackupsDescription: backups } = await db.describeContinuousBackups({ TableName })
  t.is(backups?.ContinuousBackupsStatus, 'ENABLED')
  t.deepEqual(backups?.PointInTimeRecoveryDescription, { PointInTimeRecoveryStatus: 'DISABLED' })
  t.deepEqual((await db.listTagsOfResource({ ResourceArn: Table!.TableArn })).Tags, [])
})

type Refused = [rule: string, spec: TableSpec, message: string]

const one = { ReadCapacityUnits: 1, WriteCapacityUnits: 1 }
const more = (request: Partial<CreateTableCommandInput>): TableSpec => ({ name: 'refused', key: 'pk:S', more: request })
const keyed = (definitions: string[], keys: string[]): TableSpec =>
  more({
    AttributeDefinitions: definitions.map(AttributeName => ({ AttributeName, AttributeType: 'S' })),
    KeySchema: keys.map((AttributeName, i) => ({ AttributeName, KeyType: i === 0 ? 'HASH' : 'RANGE' })),
  })

const REFUSED: Refused[] = [
  [
    'provisioned without throughput',
    more({ BillingMode: undefined }),
    `${INVALID_PARAMETER}ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED`,
  ],
  [
    'on demand with throughput',
    more({ ProvisionedThroughput: one }),
    `${INVALID_PARAMETER}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST`,
  ],
  [
    'a key that is not defined',
    keyed(['other'], ['pk']),
    `${INVALID_PARAMETER}Some index key attributes are not defined in AttributeDefinitions. Keys: [pk], AttributeDefinitions: [other]`,
  ],
  [
    'fewer definitions than keys',
    keyed(['pk'], ['pk', 'sk']),
    'Invalid KeySchema: Some index key attribute have no definition',
  ],
  [
    'a definition that no key uses',
    keyed(['pk', 'more'], ['pk']),
    `${INVALID_PARAMETER}Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions`,
  ],
  [
    'one name twice in the key',
    keyed(['pk', 'sk'], ['pk', 'pk']),
    'Both the Hash Key and the Range Key element in the KeySchema have the same name',
  ],
  [
    'a range key first',
    more({ KeySchema: [{ AttributeName: 'pk', KeyType: 'RANGE' }] }),
    'Invalid KeySchema: The first KeySchemaElement is not a HASH key type',
  ],
  [
    'a local index of a table without range key',
    { key: 'pk:S', local: { byX: { key: 'pk:S | x:S' } } },
    `${INVALID_PARAMETER}Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex`,
  ],
  [
    'a local index with a hash key of its own',
    { key: 'pk:S | sk:S', local: { byX: { key: 'x:S | sk:S' } } },
    `${INVALID_PARAMETER}Index KeySchema does not have the same leading hash key as table KeySchema for index: byX. index hash key: x, table hash key: pk`,
  ],
  [
    'a local index without range key',
    { key: 'pk:S | sk:S', local: { byX: { key: 'pk:S' } } },
    `${INVALID_PARAMETER}Index KeySchema does not have a range key for index: byX`,
  ],
  [
    'an empty list of indexes',
    more({ GlobalSecondaryIndexes: [] }),
    `${INVALID_PARAMETER}List of GlobalSecondaryIndexes is empty`,
  ],
  [
    'an index name twice',
    { key: 'pk:S | sk:S', local: { same: { key: 'pk:S | x:S' } }, global: { same: { key: 'x:S' } } },
    `${INVALID_PARAMETER}Duplicate index name: same`,
  ],
  [
    'six local indexes',
    {
      key: 'pk:S | sk:S',
      local: Object.fromEntries([...'abcdef'].map(x => [`by-${x}`, { key: `pk:S | ${x}:S` }])),
    },
    `${INVALID_PARAMETER}Number of LocalSecondaryIndexes exceeds per-table limit of 5`,
  ],
  [
    'twenty-one global indexes',
    {
      key: 'pk:S',
      global: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`index-${i}`, { key: `a${i}:S` }])),
    },
    `${INVALID_PARAMETER}GlobalSecondaryIndex count exceeds the per-table limit of 20`,
  ],
  [
    'KEYS_ONLY with attributes',
    more({
      GlobalSecondaryIndexes: [
        {
          IndexName: 'byX',
          KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
          Projection: { ProjectionType: 'KEYS_ONLY', NonKeyAttributes: ['a'] },
        },
      ],
    }),
    `${INVALID_PARAMETER}ProjectionType is KEYS_ONLY, but NonKeyAttributes is specified`,
  ],
  [
    'a short name',
    { name: 'ab', key: 'pk:S' },
    "1 validation error detected: Value 'ab' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 3",
  ],
  [
    'a name with a blank',
    { name: 'a b c', key: 'pk:S' },
    "1 validation error detected: Value 'a b c' at 'tableName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
  ],
  [
    'an unknown type of attribute',
    more({ AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'X' as 'S' }] }),
    "1 validation error detected: Value 'X' at 'attributeDefinitions.1.member.attributeType' failed to satisfy constraint: Member must satisfy enum value set: [B, N, S]",
  ],
]

for (const [rule, spec, message] of REFUSED) {
  test(`CreateTable refuses ${rule}`, async t => {
    const request = tableRequest({ name: 'refused', ...spec })
    t.is(await invalid(db.createTable(request)), message)
    t.is(
      await refusal(db.describeTable({ TableName: 'refused' })),
      'ResourceNotFoundException: Requested resource not found: Table: refused not found',
    )
  })
}
