/** UpdateTable's settings as clients see them; its indexes are in index-building.test.ts. */
import type { UpdateTableCommandInput } from '@aws-sdk/client-dynamodb'
import test from 'ava'
import { INVALID_PARAMETER, invalid, makeTable, refusal, startApi } from './api.ts'

const { db } = await startApi({ inMemory: true })

const units = (read: number, write: number) => ({ ReadCapacityUnits: read, WriteCapacityUnits: write })
const STREAM = { StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' as const } }
const NO_STREAM = { StreamSpecification: { StreamEnabled: false } }
const ON_DEMAND = { BillingMode: 'PAY_PER_REQUEST' as const }
const PROVISIONED = { BillingMode: 'PROVISIONED' as const, ProvisionedThroughput: units(5, 6) }

const updater = (TableName: string) => async (change: Omit<UpdateTableCommandInput, 'TableName'>) =>
  (await db.updateTable({ TableName, ...change })).TableDescription!
const describer = (TableName: string) => async () => (await db.describeTable({ TableName })).Table!

test('a stream goes on and off and on, under a new name each time', async t => {
  const name = await makeTable(db, { key: 'pk:S' })
  const [update, describe] = [updater(name), describer(name)]
  const first = await update(STREAM)
  t.is(first.TableStatus, 'UPDATING')
  t.is(first.LatestStreamArn, `${first.TableArn}/stream/${first.LatestStreamLabel}`)
  t.like(await describe(), { TableStatus: 'ACTIVE', ...STREAM, LatestStreamArn: first.LatestStreamArn })
  t.is(await invalid(update(STREAM)), `Table already has an enabled stream: TableName: ${name}`)
  await update(NO_STREAM)
  const off = await describe()
  t.is(off.StreamSpecification, undefined)
  t.is(off.LatestStreamLabel, first.LatestStreamLabel)
  t.is(await invalid(update(NO_STREAM)), `Table has no stream to disable: TableName: ${name}`)
  const second = await update(STREAM)
  t.true(second.LatestStreamLabel! > first.LatestStreamLabel!)
  t.not(second.LatestStreamArn, first.LatestStreamArn)
})

test('billing goes to provisioned with the throughput of every index, and back', async t => {
  const name = await makeTable(db, { key: 'pk:S', global: { byG: { key: 'g:S' } } })
  const [update, describe] = [updater(name), describer(name)]
  t.is(await invalid(update(PROVISIONED)), `${INVALID_PARAMETER}ProvisionedThroughput must be specified for index: byG`)
  const Update = { IndexName: 'byG', ProvisionedThroughput: units(3, 4) }
  const answer = await update({ ...PROVISIONED, GlobalSecondaryIndexUpdates: [{ Update }] })
  t.like(answer, { TableStatus: 'UPDATING', ProvisionedThroughput: units(0, 0) })
  const provisioned = await describe()
  t.like(provisioned, { TableStatus: 'ACTIVE', ProvisionedThroughput: units(5, 6) })
  t.is(provisioned.BillingModeSummary!.BillingMode, 'PROVISIONED')
  t.like(provisioned.GlobalSecondaryIndexes![0]!.ProvisionedThroughput, units(3, 4))
  t.regex(await invalid(update(PROVISIONED)), /^The provisioned throughput for the table will not change\. /)
  await update({ ...ON_DEMAND, ...STREAM })
  const onDemand = await describe()
  t.is(onDemand.BillingModeSummary!.BillingMode, 'PAY_PER_REQUEST')
  t.like(onDemand, { ...STREAM, ProvisionedThroughput: units(0, 0) })
  t.like(onDemand.GlobalSecondaryIndexes![0]!.ProvisionedThroughput, units(0, 0))
})

test('class, protection, encryption, ceilings and warmth change one by one', async t => {
  const name = await makeTable(db, { key: 'pk:S' })
  const [update, describe] = [updater(name), describer(name)]
  await update({ TableClass: 'STANDARD_INFREQUENT_ACCESS' })
  await update({ DeletionProtectionEnabled: true })
  const encrypted = await update({ SSESpecification: { Enabled: true } })
  t.like(encrypted, { TableStatus: 'ACTIVE', SSEDescription: { Status: 'UPDATING' } })
  await update({ ...ON_DEMAND, OnDemandThroughput: { MaxReadRequestUnits: 10 } })
  const warmer = await update({ WarmThroughput: { ReadUnitsPerSecond: 13_000, WriteUnitsPerSecond: 4000 } })
  t.like(warmer, { TableStatus: 'ACTIVE', WarmThroughput: { Status: 'UPDATING', ReadUnitsPerSecond: 13_000 } })
  t.like(await describe(), {
    TableStatus: 'ACTIVE',
    TableClassSummary: { TableClass: 'STANDARD_INFREQUENT_ACCESS' },
    DeletionProtectionEnabled: true,
    SSEDescription: { Status: 'ENABLED', SSEType: 'KMS' },
    OnDemandThroughput: { MaxReadRequestUnits: 10 },
    WarmThroughput: { Status: 'ACTIVE', ReadUnitsPerSecond: 13_000, WriteUnitsPerSecond: 4000 },
  })
  t.is(
    await refusal(db.deleteTable({ TableName: name })),
    'ValidationException: Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.',
  )
})

const ONLY = 'must be the only operation in the request'
const together: [change: Omit<UpdateTableCommandInput, 'TableName'>, message: string][] = [
  [{ TableClass: 'STANDARD', ...ON_DEMAND }, `TableClass modification ${ONLY}`],
  [{ DeletionProtectionEnabled: true, ...STREAM }, `DeletionProtection modification ${ONLY}`],
  [{ SSESpecification: { Enabled: true }, TableClass: 'STANDARD' }, `Server-Side Encryption modification ${ONLY}`],
  [{ WarmThroughput: { ReadUnitsPerSecond: 13_000 }, ...STREAM }, `WarmThroughput ${ONLY}`],
  [
    { OnDemandThroughput: { MaxReadRequestUnits: 10 }, ...STREAM },
    'OnDemandThroughput can only be combined with BillingMode in an UpdateTable request',
  ],
  [{ ...PROVISIONED, ...STREAM }, 'You cannot modify stream status while updating table IOPS'],
]

for (const [change, message] of together) {
  test(`not together: ${Object.keys(change).join(', ')}`, async t => {
    const name = await makeTable(db, { key: 'pk:S' })
    const before = await describer(name)()
    t.is(await invalid(updater(name)(change)), INVALID_PARAMETER + message)
    t.deepEqual(await describer(name)(), before)
  })
}
