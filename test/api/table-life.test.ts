import { setTimeout as sleep } from 'node:timers/promises'
import { paginateListTables, waitUntilTableExists, waitUntilTableNotExists } from '@aws-sdk/client-dynamodb'
import test from 'ava'
import { INVALID_PARAMETER, invalid, makeTable, refusal, startApi, startOwnApi, tableRequest } from './api.ts'

const { db } = await startApi()

const MISSING = 'ResourceNotFoundException: Requested resource not found: Table: nowhere not found'
const MISSING_DATA = 'ResourceNotFoundException: Requested resource not found'

test("the SDK's waiters find what they wait for at their first look", async t => {
  const start = performance.now()
  const { TableName } = await db.createTable(tableRequest({ key: 'pk:S' })).then(answer => answer.TableDescription!)
  // A second look would be half a minute later.
  const wait = { client: db, maxWaitTime: 100, minDelay: 30, maxDelay: 30 }
  await t.notThrowsAsync(waitUntilTableExists(wait, { TableName }))
  await db.deleteTable({ TableName })
  await t.notThrowsAsync(waitUntilTableNotExists(wait, { TableName }))
  t.true(performance.now() - start < 30_000)
})

test('DeleteTable answers DELETING, and then the table is gone', async t => {
  const TableName = await makeTable(db, { key: 'pk:S' })
  await db.putItem({ TableName, Item: { pk: { S: 'a' } } })
  const { TableDescription } = await db.deleteTable({ TableName })
  t.is(TableDescription?.TableStatus, 'DELETING')
  t.is(TableDescription!.TableName, TableName)
  const missing = `ResourceNotFoundException: Requested resource not found: Table: ${TableName} not found`
  t.is(await refusal(db.describeTable({ TableName })), missing)
  t.is(await refusal(db.deleteTable({ TableName })), missing)
  t.is(await refusal(db.getItem({ TableName, Key: { pk: { S: 'a' } } })), MISSING_DATA)
})

test('a table made again under the same name inherits nothing', async t => {
  const TableName = await makeTable(db, { key: 'pk:S', global: { byG: { key: 'g:S' } } })
  const first = await db.describeTable({ TableName })
  await db.tagResource({ ResourceArn: first.Table!.TableArn, Tags: [{ Key: 'a', Value: 'b' }] })
  for (let i = 0; i < 10; i++) await db.putItem({ TableName, Item: { pk: { S: `${i}` }, g: { S: 'g' } } })
  await db.deleteTable({ TableName })
  await db.createTable(tableRequest({ name: TableName, key: 'pk:S', global: { byG: { key: 'g:S' } } }))
  const second = await db.describeTable({ TableName })
  t.not(second.Table!.TableId, first.Table!.TableId)
  t.is((await db.scan({ TableName })).Count, 0)
  t.is((await db.scan({ TableName, IndexName: 'byG' })).Count, 0)
  t.deepEqual((await db.listTagsOfResource({ ResourceArn: second.Table!.TableArn })).Tags, [])
})

test('every operation says so when there is no table', async t => {
  const TableName = 'nowhere'
  const Key = { pk: { S: 'a' } }
  t.is(await refusal(db.describeTable({ TableName })), MISSING)
  t.is(await refusal(db.deleteTable({ TableName })), MISSING)
  t.is(await refusal(db.updateTable({ TableName, DeletionProtectionEnabled: true })), MISSING)
  t.is(await refusal(db.describeTimeToLive({ TableName })), MISSING)
  t.is(await refusal(db.getItem({ TableName, Key })), MISSING_DATA)
  t.is(await refusal(db.putItem({ TableName, Item: Key })), MISSING_DATA)
  t.is(await refusal(db.updateItem({ TableName, Key })), MISSING_DATA)
  t.is(await refusal(db.deleteItem({ TableName, Key })), MISSING_DATA)
  t.is(await refusal(db.scan({ TableName })), MISSING_DATA)
  t.is(await refusal(db.batchGetItem({ RequestItems: { nowhere: { Keys: [Key] } } })), MISSING_DATA)
  t.is(await refusal(db.batchWriteItem({ RequestItems: { nowhere: [{ PutRequest: { Item: Key } }] } })), MISSING_DATA)
  t.is(await refusal(db.describeContinuousBackups({ TableName })), 'TableNotFoundException: Table not found: nowhere')
})

test('what is wrong with a request comes before its table', async t => {
  t.is(
    await invalid(db.getItem({ TableName: 'nowhere', Key: { pk: {} as never } })),
    'Supplied AttributeValue is empty, must contain exactly one of the supported datatypes',
  )
})

test('deletion protection protects', async t => {
  const TableName = await makeTable(db, { key: 'pk:S', more: { DeletionProtectionEnabled: true } })
  t.is(
    await invalid(db.deleteTable({ TableName })),
    'Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.',
  )
  const { TableDescription } = await db.updateTable({ TableName, DeletionProtectionEnabled: false })
  t.is(TableDescription?.TableStatus, 'ACTIVE')
  t.false(TableDescription!.DeletionProtectionEnabled)
  await db.deleteTable({ TableName })
})

test('new throughput: UPDATING with the old figures, then ACTIVE with the new ones', async t => {
  const TableName = await makeTable(db, { key: 'pk:S', more: provisioned(5, 5) })
  const { TableDescription } = await db.updateTable({ TableName, ...throughput(10, 4) })
  t.is(TableDescription?.TableStatus, 'UPDATING')
  t.like(TableDescription!.ProvisionedThroughput, { ReadCapacityUnits: 5, WriteCapacityUnits: 5 })
  const { Table } = await db.describeTable({ TableName })
  t.is(Table?.TableStatus, 'ACTIVE')
  const { LastIncreaseDateTime, LastDecreaseDateTime, ...rest } = Table!.ProvisionedThroughput!
  t.deepEqual(rest, { ReadCapacityUnits: 10, WriteCapacityUnits: 4, NumberOfDecreasesToday: 1 })
  t.true(LastIncreaseDateTime instanceof Date && LastDecreaseDateTime instanceof Date)
  t.is(
    await invalid(db.updateTable({ TableName, ...throughput(10, 4) })),
    'The provisioned throughput for the table will not change. The requested value equals the current value. Current ReadCapacityUnits provisioned for the table: 10. Requested ReadCapacityUnits: 10. Current WriteCapacityUnits provisioned for the table: 4. Requested WriteCapacityUnits: 4. Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.',
  )
})

function throughput(ReadCapacityUnits: number, WriteCapacityUnits: number) {
  return { ProvisionedThroughput: { ReadCapacityUnits, WriteCapacityUnits } }
}

function provisioned(read: number, write: number) {
  return { BillingMode: 'PROVISIONED' as const, ...throughput(read, write) }
}

test('the billing mode switches there and back', async t => {
  const TableName = await makeTable(db, { key: 'pk:S' })
  await db.updateTable({ TableName, ...provisioned(3, 2) })
  const { Table: second } = await db.describeTable({ TableName })
  t.is(second?.TableStatus, 'ACTIVE')
  t.is(second!.BillingModeSummary?.BillingMode, 'PROVISIONED')
  t.like(second!.ProvisionedThroughput, { ReadCapacityUnits: 3, WriteCapacityUnits: 2 })
  await db.updateTable({ TableName, BillingMode: 'PAY_PER_REQUEST' })
  const { Table: third } = await db.describeTable({ TableName })
  t.is(third?.BillingModeSummary?.BillingMode, 'PAY_PER_REQUEST')
  t.like(third?.ProvisionedThroughput, { ReadCapacityUnits: 0, WriteCapacityUnits: 0 })
})

test('a stream is enabled and disabled, each time another one', async t => {
  const TableName = await makeTable(db, { key: 'pk:S' })
  const enable = { TableName, StreamSpecification: { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' as const } }
  const { TableDescription } = await db.updateTable(enable)
  t.is(TableDescription?.TableStatus, 'UPDATING')
  t.truthy(TableDescription!.LatestStreamArn)
  t.is(await invalid(db.updateTable(enable)), `Table already has an enabled stream: TableName: ${TableName}`)
  const disable = { TableName, StreamSpecification: { StreamEnabled: false } }
  await db.updateTable(disable)
  const { Table } = await db.describeTable({ TableName })
  t.is(Table?.StreamSpecification, undefined)
  t.is(Table?.LatestStreamArn, TableDescription!.LatestStreamArn)
  t.is(await invalid(db.updateTable(disable)), `Table has no stream to disable: TableName: ${TableName}`)
  const again = await db.updateTable(enable)
  t.not(again.TableDescription?.LatestStreamArn, TableDescription!.LatestStreamArn)
})

test('UpdateTable wants something to do', async t => {
  const TableName = await makeTable(db, { key: 'pk:S' })
  t.is(
    await invalid(db.updateTable({ TableName })),
    'At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, MultiRegionConsistency, DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is required',
  )
})

test('ListTables lists names in order, in pages', async t => {
  const { db } = await startOwnApi(t, { inMemory: true })
  t.deepEqual((await db.listTables({})).TableNames, [])
  const names = ['a-b', 'a.b', 'a_b', 'aab', 'Zoo', '0one', 'zoo'].map(name => `${name}x`)
  await Promise.all(names.map(name => makeTable(db, { name, key: 'pk:S' })))
  const ordered = [...names].sort()
  t.deepEqual(await db.listTables({}).then(({ TableNames, LastEvaluatedTableName: last }) => [TableNames, last]), [
    ordered,
    undefined,
  ])
  for (const Limit of [1, 2, 3, 7]) {
    const pages: string[][] = []
    for await (const page of paginateListTables({ client: db, pageSize: Limit }, {})) pages.push(page.TableNames!)
    t.deepEqual(pages.flat(), ordered)
    t.true(pages.every(page => page.length <= Limit))
  }
  const after = await db.listTables({ ExclusiveStartTableName: 'a_a' })
  t.deepEqual(
    after.TableNames,
    ordered.filter(name => name > 'a_a'),
  )
  t.is(
    await invalid(db.listTables({ Limit: 101 })),
    "1 validation error detected: Value '101' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 100",
  )
})

test('tags are set, replaced, listed in pages and removed', async t => {
  const TableName = await makeTable(db, { key: 'pk:S' })
  const ResourceArn = (await db.describeTable({ TableName })).Table!.TableArn!
  const tags = Array.from({ length: 23 }, (_, i) => ({ Key: `k${i}`, Value: `v${i}` }))
  await db.tagResource({ ResourceArn, Tags: tags })
  await db.tagResource({ ResourceArn, Tags: [{ Key: 'k3', Value: 'other' }] })
  const listed = new Map<string, string>()
  const sizes: number[] = []
  let NextToken: string | undefined
  do {
    const page = await db.listTagsOfResource({ ResourceArn, NextToken })
    sizes.push(page.Tags!.length)
    for (const { Key, Value } of page.Tags!) listed.set(Key!, Value!)
    NextToken = page.NextToken
  } while (NextToken !== undefined)
  t.deepEqual(sizes, [10, 10, 3])
  t.is(listed.size, 23)
  t.is(listed.get('k3'), 'other')
  await db.untagResource({ ResourceArn, TagKeys: [...tags.slice(1).map(tag => tag.Key), 'never'] })
  t.deepEqual((await db.listTagsOfResource({ ResourceArn })).Tags, [{ Key: 'k0', Value: 'v0' }])
  t.is(await invalid(db.tagResource({ ResourceArn, Tags: [] })), 'Atleast one Tag needs to be provided as Input.')
  t.is(
    await invalid(db.tagResource({ ResourceArn, Tags: [{ Key: 'aws:x', Value: '' }] })),
    'Tag Key cannot be prefixed with aws:, Key: aws:x',
  )
  t.is(
    await refusal(db.tagResource({ ResourceArn: `${ResourceArn}-not`, Tags: [{ Key: 'a', Value: 'b' }] })),
    `ResourceNotFoundException: Requested resource not found: ResourceArn: ${ResourceArn}-not not found`,
  )
  t.is(
    await invalid(db.listTagsOfResource({ ResourceArn: TableName })),
    `${INVALID_PARAMETER}ARNs must start with 'arn:': ${TableName}`,
  )
})

test('time to live is switched on and described', async t => {
  const TableName = await makeTable(db, { key: 'pk:S' })
  const TimeToLiveSpecification = { Enabled: true, AttributeName: 'expires' }
  const answer = await db.updateTimeToLive({ TableName, TimeToLiveSpecification })
  t.deepEqual(answer.TimeToLiveSpecification, TimeToLiveSpecification)
  const { TimeToLiveDescription: description } = await db.describeTimeToLive({ TableName })
  t.is(description?.AttributeName, 'expires')
  t.true(['ENABLING', 'ENABLED'].includes(description!.TimeToLiveStatus!))
  t.is(await invalid(db.updateTimeToLive({ TableName, TimeToLiveSpecification })), 'TimeToLive is already enabled')
})

test('DescribeLimits and DescribeEndpoints', async t => {
  const { $metadata: _, ...limits } = await db.describeLimits({})
  t.deepEqual(limits, {
    AccountMaxReadCapacityUnits: 80_000,
    AccountMaxWriteCapacityUnits: 80_000,
    TableMaxReadCapacityUnits: 40_000,
    TableMaxWriteCapacityUnits: 40_000,
  })
  const { Endpoints } = await db.describeEndpoints({})
  t.is(Endpoints?.length, 1)
  t.is(Endpoints?.[0]?.CachePeriodInMinutes, 1440)
})

test('many tables at once', async t => {
  const { db } = await startOwnApi(t)
  const names = Array.from({ length: 20 }, (_, i) => `many-${i}`)
  await Promise.all(names.map(name => makeTable(db, { name, key: 'pk:S' })))
  await Promise.all(names.map(TableName => db.putItem({ TableName, Item: { pk: { S: TableName } } })))
  const counts = await Promise.all(names.map(async TableName => (await db.scan({ TableName })).Count))
  t.true(counts.every(count => count === 1))
  await Promise.all(names.map(TableName => db.deleteTable({ TableName })))
  t.deepEqual((await db.listTables({})).TableNames, [])
})

test('requests that race with the end of their table are done, or refused as for a table that is not there', async t => {
  const answers = new Set<string>()
  for (let round = 0; round < 5; round++) {
    const TableName = await makeTable(db, { key: 'pk:S', global: { byG: { key: 'g:S' } } })
    const client = async (worker: number) => {
      for (let i = 0; ; i++) {
        const Item = { pk: { S: `${worker}-${i}` }, g: { S: 'g' } }
        const kinds = [
          () => db.putItem({ TableName, Item }),
          () => db.getItem({ TableName, Key: { pk: Item.pk } }),
          () => db.updateItem({ TableName, Key: { pk: Item.pk } }),
          () => db.scan({ TableName }),
          () => db.scan({ TableName, IndexName: 'byG' }),
          () => db.batchWriteItem({ RequestItems: { [TableName]: [{ PutRequest: { Item } }] } }),
        ]
        const answer = await refusal(kinds[(worker + i) % kinds.length]!())
        answers.add(answer)
        if (answer !== 'done') return
      }
    }
    const clients = [0, 1, 2, 3, 4, 5].map(client)
    await sleep(20)
    await db.deleteTable({ TableName })
    await Promise.all(clients)
  }
  t.deepEqual([...answers].sort(), [MISSING_DATA, 'done'])
})
