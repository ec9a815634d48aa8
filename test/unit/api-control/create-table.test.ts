import test from 'ava'
import { createTable } from '../../../server/api/CreateTable.ts'
import { ARN, definitions, INVALID, keySchema, refused, START, simple, units, world } from './world.ts'

const ALL = { ProjectionType: 'ALL' }
const THREE = definitions('h:S', 'r:S', 'x:S')
const local = (IndexName: string, range = 'x', more: object = {}) => ({
  IndexName,
  KeySchema: keySchema('h', range),
  Projection: ALL,
  ...more,
})
const global = (IndexName: string, key = keySchema('x'), more: object = {}) => ({
  IndexName,
  KeySchema: key,
  Projection: ALL,
  ...more,
})
const withLocal = (...LocalSecondaryIndexes: object[]) =>
  simple({
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: THREE,
    KeySchema: keySchema('h', 'r'),
    LocalSecondaryIndexes,
  })
const withGlobal = (...GlobalSecondaryIndexes: object[]) =>
  simple({ AttributeDefinitions: definitions('h:S', 'x:S'), GlobalSecondaryIndexes })
const letters = (count: number) => [...'abcdefghijklmnopqrstuvwxyz'].slice(0, count)

const LONG_SCHEMA = keySchema('h', 'r', 'x')

const refusals: [what: string, request: object, code: string, message: string][] = [
  [
    'no table name',
    { KeySchema: keySchema('h') },
    'ValidationException',
    "The parameter 'TableName' is required but was not present in the request",
  ],
  [
    'short name',
    simple({ TableName: 'ab' }),
    'ValidationException',
    "1 validation error detected: Value 'ab' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 3",
  ],
  [
    'three key elements',
    simple({ AttributeDefinitions: THREE, KeySchema: LONG_SCHEMA }),
    'ValidationException',
    "1 validation error detected: Value '[KeySchemaElement(attributeName=h, keyType=HASH), KeySchemaElement(attributeName=r, keyType=RANGE), KeySchemaElement(attributeName=x, keyType=RANGE)]' at 'keySchema' failed to satisfy constraint: Member must have length less than or equal to 2",
  ],
  [
    'no key schema',
    simple({ KeySchema: null }),
    'ValidationException',
    "1 validation error detected: Value null at 'keySchema' failed to satisfy constraint: Member must not be null",
  ],
  [
    'provisioned without throughput',
    simple({ BillingMode: 'PROVISIONED' }),
    'ValidationException',
    `${INVALID}ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED`,
  ],
  [
    'no billing mode and no throughput',
    simple({ BillingMode: null }),
    'ValidationException',
    `${INVALID}ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED`,
  ],
  [
    'on demand with throughput',
    simple({ BillingMode: 'PAY_PER_REQUEST', ProvisionedThroughput: units(1, 1) }),
    'ValidationException',
    `${INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST`,
  ],
  [
    'throughput beyond numbers',
    simple({ ProvisionedThroughput: units(1, 1_000_000_000_001) }),
    'ValidationException',
    'Given value 1000000000001 for WriteCapacityUnits is out of bounds',
  ],
  [
    'throughput beyond the quota',
    simple({ ProvisionedThroughput: units(40_001, 1) }),
    'LimitExceededException',
    'The requested ReadCapacityUnits, 40001, is above the per table maximum for the account in eu-west-1. Per table maximum: 40000. Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.',
  ],
  [
    'fewer definitions than keys',
    simple({ KeySchema: keySchema('h', 'h') }),
    'ValidationException',
    'Invalid KeySchema: Some index key attribute have no definition',
  ],
  [
    'a definition twice',
    simple({ AttributeDefinitions: definitions('h:S', 'h:N') }),
    'ValidationException',
    'Attribute Name is duplicated: h',
  ],
  [
    'undefined key',
    simple({ AttributeDefinitions: definitions('h:S', 'q:S'), KeySchema: keySchema('h', 'r') }),
    'ValidationException',
    `${INVALID}Some index key attributes are not defined in AttributeDefinitions. Keys: [h, r], AttributeDefinitions: [h, q]`,
  ],
  [
    'hash and range alike',
    simple({ AttributeDefinitions: definitions('h:S', 'q:S'), KeySchema: keySchema('h', 'h') }),
    'ValidationException',
    'Both the Hash Key and the Range Key element in the KeySchema have the same name',
  ],
  [
    'range first',
    simple({ KeySchema: keySchema('h:RANGE') }),
    'ValidationException',
    'Invalid KeySchema: The first KeySchemaElement is not a HASH key type',
  ],
  [
    'two hash keys',
    simple({ AttributeDefinitions: definitions('h:S', 'q:S'), KeySchema: keySchema('h', 'q:HASH') }),
    'ValidationException',
    'Invalid KeySchema: The second KeySchemaElement is not a RANGE key type',
  ],
  [
    'unused definition, no indexes',
    simple({ AttributeDefinitions: THREE }),
    'ValidationException',
    `${INVALID}Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions`,
  ],
  [
    'unused definition with an index',
    withGlobal(global('Ind', keySchema('h'))),
    'ValidationException',
    `${INVALID}Some AttributeDefinitions are not used. AttributeDefinitions: [h, x], keys used: [h]`,
  ],
  [
    'no local indexes',
    simple({ LocalSecondaryIndexes: [] }),
    'ValidationException',
    `${INVALID}List of LocalSecondaryIndexes is empty`,
  ],
  [
    'local index without range on the table',
    simple({ AttributeDefinitions: definitions('h:S', 'x:S'), LocalSecondaryIndexes: [local('Ind')] }),
    'ValidationException',
    `${INVALID}Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex`,
  ],
  [
    'local index without range',
    withLocal(local('Ind'), local('Other', 'x', { KeySchema: keySchema('h') })),
    'ValidationException',
    `${INVALID}Index KeySchema does not have a range key for index: Other`,
  ],
  [
    'local index of another hash',
    withLocal(local('Ind', 'x', { KeySchema: keySchema('x', 'r') })),
    'ValidationException',
    `${INVALID}Index KeySchema does not have the same leading hash key as table KeySchema for index: Ind. index hash key: x, table hash key: h`,
  ],
  [
    'local index on an undefined attribute',
    withLocal(local('Ind'), local('Other', 'y')),
    'ValidationException',
    `${INVALID}Some index key attributes are not defined in AttributeDefinitions. Keys: [h, y], AttributeDefinitions: [h, r, x]`,
  ],
  [
    'projection without a type',
    withLocal(local('Ind', 'x', { Projection: {} })),
    'ValidationException',
    `${INVALID}Unknown ProjectionType: null`,
  ],
  [
    'attributes for ALL',
    withLocal(local('Ind', 'x', { Projection: { ProjectionType: 'ALL', NonKeyAttributes: ['a'] } })),
    'ValidationException',
    `${INVALID}ProjectionType is ALL, but NonKeyAttributes is specified`,
  ],
  [
    'INCLUDE without attributes',
    withGlobal(global('Ind', keySchema('x'), { Projection: { ProjectionType: 'INCLUDE' } })),
    'ValidationException',
    `${INVALID}ProjectionType is INCLUDE, but NonKeyAttributes is not specified`,
  ],
  [
    'INCLUDE of one attribute twice',
    withGlobal(
      global('Ind', keySchema('x'), { Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['a', 'b', 'a'] } }),
    ),
    'ValidationException',
    `${INVALID}Duplicate element in NonKeyAttributes: a`,
  ],
  [
    'two local indexes of one name',
    withLocal(local('Ind'), local('Ind')),
    'ValidationException',
    `${INVALID}Duplicate index name: Ind`,
  ],
  [
    'six local indexes',
    withLocal(...letters(6).map(letter => local(`Ind${letter}`))),
    'ValidationException',
    `${INVALID}Number of LocalSecondaryIndexes exceeds per-table limit of 5`,
  ],
  [
    'no global indexes',
    simple({ GlobalSecondaryIndexes: [] }),
    'ValidationException',
    `${INVALID}List of GlobalSecondaryIndexes is empty`,
  ],
  [
    'a local and a global index of one name',
    { ...withLocal(local('Ind')), GlobalSecondaryIndexes: [global('Ind')] },
    'ValidationException',
    `${INVALID}Duplicate index name: Ind`,
  ],
  [
    '21 global indexes',
    withGlobal(...letters(21).map(letter => global(`Ind${letter}`))),
    'ValidationException',
    `${INVALID}GlobalSecondaryIndex count exceeds the per-table limit of 20`,
  ],
  [
    'global index with throughput, on demand',
    withGlobal(global('Ind', keySchema('x'), { ProvisionedThroughput: units(1, 1) })),
    'ValidationException',
    `${INVALID}ProvisionedThroughput should not be specified for index: Ind when BillingMode is PAY_PER_REQUEST`,
  ],
  [
    'global index without throughput, provisioned',
    { ...withGlobal(global('Ind')), BillingMode: 'PROVISIONED', ProvisionedThroughput: units(1, 1) },
    'ValidationException',
    `${INVALID}ProvisionedThroughput is not specified for index: Ind`,
  ],
  [
    'global index: one key attribute twice',
    withGlobal(global('Ind', keySchema('x', 'h:HASH', 'x:RANGE'))),
    'ValidationException',
    'The KeySchema contains multiple key attributes with the same name',
  ],
  [
    'global index: hash after range',
    {
      ...withGlobal(global('Ind', keySchema('x', 'h:RANGE', 'y:HASH'))),
      AttributeDefinitions: definitions('h:S', 'x:S', 'y:S'),
    },
    'ValidationException',
    'All HASH key attributes must precede RANGE key attributes in the KeySchema',
  ],
  [
    'global index: five hash attributes',
    simple({
      AttributeDefinitions: definitions('h:S', ...letters(5).map(letter => `${letter}:S`)),
      GlobalSecondaryIndexes: [global('Ind', keySchema(...letters(5).map(letter => `${letter}:HASH`)))],
    }),
    'ValidationException',
    'The KeySchema exceeds the maximum allowed number of HASH key attributes',
  ],
  [
    'global index: five range attributes',
    simple({
      AttributeDefinitions: definitions('h:S', ...letters(5).map(letter => `${letter}:S`)),
      GlobalSecondaryIndexes: [global('Ind', keySchema('h', ...letters(5)))],
    }),
    'ValidationException',
    'The KeySchema exceeds the maximum allowed number of RANGE key attributes',
  ],
  [
    'stream without a view type',
    simple({ StreamSpecification: { StreamEnabled: true } }),
    'ValidationException',
    `${INVALID}Table is being created with a stream enabled, UpdateViewType is required`,
  ],
  [
    'no stream with a view type',
    simple({ StreamSpecification: { StreamEnabled: false, StreamViewType: 'KEYS_ONLY' } }),
    'ValidationException',
    `${INVALID}Table is being created with a stream disabled, UpdateViewType should not be specified`,
  ],
  [
    'reserved tag',
    simple({ Tags: [{ Key: 'AWS:x', Value: '' }] }),
    'ValidationException',
    'Tag Key cannot be prefixed with aws:, Key: AWS:x',
  ],
  [
    'table class',
    simple({ TableClass: 'GLACIER' }),
    'ValidationException',
    'Invalid table-class parameter provided. Please try again with a valid table-class value: [STANDARD, STANDARD_INFREQUENT_ACCESS].',
  ],
  [
    'SSE type without encryption',
    simple({ SSESpecification: { Enabled: false, SSEType: 'KMS' } }),
    'ValidationException',
    `${INVALID}SSEType can not be specified if Enabled is false`,
  ],
  [
    'SSE key without a type',
    simple({ SSESpecification: { Enabled: true, KMSMasterKeyId: 'k' } }),
    'ValidationException',
    `${INVALID}SSEType KMS is required if KMSMasterKeyId is specified`,
  ],
  [
    'SSE type of S3',
    simple({ SSESpecification: { Enabled: true, SSEType: 'AES256' } }),
    'ValidationException',
    `${INVALID}SSEType AES256 is not supported`,
  ],
  [
    'ceilings of a provisioned table',
    simple({ ProvisionedThroughput: units(1, 1), OnDemandThroughput: { MaxReadRequestUnits: 5 } }),
    'ValidationException',
    `${INVALID}MaxReadRequestUnits for OnDemandThroughput cannot be specified when table BillingMode is PROVISIONED.`,
  ],
  [
    'ceiling of nothing',
    simple({ OnDemandThroughput: { MaxReadRequestUnits: 5, MaxWriteRequestUnits: 0 } }),
    'ValidationException',
    `${INVALID}Requested MaxWriteRequestUnits for OnDemandThroughput for table is outside of valid range`,
  ],
  [
    'warm throughput below the initial one',
    simple({ WarmThroughput: { ReadUnitsPerSecond: 11_999, WriteUnitsPerSecond: 4000 } }),
    'ValidationException',
    `${INVALID}Requested ReadUnitsPerSecond for WarmThroughput for table is lower than initial throughput for OnDemand`,
  ],
  [
    'a policy that is too long',
    simple({ ResourcePolicy: `{"x":"${'x'.repeat(20_480)}"}` }),
    'ValidationException',
    `${INVALID}Maximum policy size of 20480 bytes exceeded`,
  ],
  ['vectors', simple({ VectorIndexes: [{ IndexName: 'v' }] }), 'ValidationException', 'VectorIndexes is not supported'],
  [
    "another region's ARN",
    simple({ TableName: 'arn:aws:dynamodb:us-east-1:123456789012:table/Tab' }),
    'ValidationException',
    "1 validation error detected: Invalid AWS region in 'arn:aws:dynamodb:us-east-1:123456789012:table/Tab'",
  ],
]

for (const [what, request, code, message] of refusals) {
  test(`CreateTable refuses: ${what}`, async t => {
    const w = world()
    await refused(t, w.run(createTable, request), code, message)
    t.false(w.has('Tab'))
  })
}

test('CreateTable refuses a name that is taken, in whatever status its table is', async t => {
  const w = world()
  await w.run(createTable, simple())
  await refused(t, w.run(createTable, simple()), 'ResourceInUseException', 'Table already exists: Tab')
})

test('CreateTable answers with the table as it is being created', async t => {
  const w = world()
  const { TableDescription } = await w.run(createTable, simple({ TableName: `${ARN}Tab` }))
  t.deepEqual(TableDescription, {
    TableName: 'Tab',
    TableArn: `${ARN}Tab`,
    TableId: '00000000-0000-4000-8000-000000000001',
    TableStatus: 'CREATING',
    CreationDateTime: START / 1000,
    AttributeDefinitions: definitions('h:S'),
    KeySchema: keySchema('h'),
    TableSizeBytes: 0,
    ItemCount: 0,
    BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST', LastUpdateToPayPerRequestDateTime: START / 1000 },
    ProvisionedThroughput: { NumberOfDecreasesToday: 0, ReadCapacityUnits: 0, WriteCapacityUnits: 0 },
    WarmThroughput: { ReadUnitsPerSecond: 12_000, WriteUnitsPerSecond: 4000, Status: 'CREATING' },
    DeletionProtectionEnabled: false,
  })
  t.deepEqual(w.record('Tab').partitions, [])
})

test('CreateTable takes keys of several attributes for global indexes', async t => {
  const w = world()
  const key = keySchema('a:HASH', 'b:HASH', 'c:HASH', 'd:HASH', 'e:RANGE', 'f:RANGE', 'g:RANGE', 'h:RANGE')
  const attributes = definitions(...[...'abcdefgh'].map(letter => `${letter}:N`))
  const request = simple({ AttributeDefinitions: attributes, GlobalSecondaryIndexes: [global('Ind', key)] })
  const { TableDescription } = await w.run(createTable, request)
  t.deepEqual(TableDescription.GlobalSecondaryIndexes[0].KeySchema, key)
})

test('CreateTable keeps tags and policy, and -1 for no ceiling', async t => {
  const w = world()
  const request = {
    Tags: [{ Key: 'team', Value: 'Zürich +-=._:/@' }],
    ResourcePolicy:
      '{ "Statement": { "Effect": "allow", "Principal": { "AWS": ["123456789012"] }, "Action": "dynamodb:*", "Resource": ["*"] } }',
    OnDemandThroughput: { MaxReadRequestUnits: -1, MaxWriteRequestUnits: 7 },
  }
  const { TableDescription } = await w.run(createTable, simple(request))
  t.deepEqual(TableDescription.OnDemandThroughput, { MaxWriteRequestUnits: 7 })
  t.deepEqual(w.record('Tab').tags, request.Tags)
  t.deepEqual(w.record('Tab').resourcePolicy, {
    document:
      '{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"dynamodb:*","Resource":"*"}]}',
    revisionId: String(START),
  })
})
