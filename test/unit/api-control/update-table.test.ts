import test from 'ava'
import { createTable } from '../../../server/api/CreateTable.ts'
import { describeTable } from '../../../server/api/DescribeTable.ts'
import { updateTable } from '../../../server/api/UpdateTable.ts'
import type { TableRecord } from '../../../server/model/table.ts'
import { IN_USE, INVALID, type Json, refused, START, simple, units, type World, world } from './world.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const PROVISIONED = { ProvisionedThroughput: units(5, 6) }
const ENABLE = { StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' } }
const DISABLE = { StreamSpecification: { StreamEnabled: false } }
const KMS = { SSESpecification: { Enabled: true } }

/** A world with the table `Tab`, ACTIVE. */
async function withTable(request: object = {}): Promise<World> {
  const w = world()
  await w.run(createTable, simple(request))
  w.settle()
  return w
}

async function update(w: World, request: object): Promise<Json> {
  return (await w.run(updateTable, { TableName: 'Tab', ...request })).TableDescription
}

async function describe(w: World): Promise<Json> {
  return (await w.run(describeTable, { TableName: 'Tab' })).Table
}

const NOTHING =
  'At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, MultiRegionConsistency, DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is required'
const ONLY = 'must be the only operation in the request'
const MORE = 'Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.'
const REMOVE = { GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: 'Ind' } }] }

const refusals: [what: string, table: object, request: object, message: string][] = [
  ['nothing', {}, {}, NOTHING],
  ['an empty list', {}, { GlobalSecondaryIndexUpdates: [] }, NOTHING],
  ['no ceiling at all', {}, { OnDemandThroughput: {} }, NOTHING],
  ['SSE and more', {}, { ...KMS, ...ENABLE }, `${INVALID}Server-Side Encryption modification ${ONLY}`],
  [
    'table class and more',
    {},
    { TableClass: 'STANDARD', BillingMode: 'PAY_PER_REQUEST' },
    `${INVALID}TableClass modification ${ONLY}`,
  ],
  [
    'protection and more',
    {},
    { DeletionProtectionEnabled: true, ...ENABLE },
    `${INVALID}DeletionProtection modification ${ONLY}`,
  ],
  [
    'warmth and more',
    {},
    { WarmThroughput: { ReadUnitsPerSecond: 20_000 }, ...ENABLE },
    `${INVALID}WarmThroughput ${ONLY}`,
  ],
  [
    'stream and throughput',
    {},
    { ...ENABLE, ...PROVISIONED },
    `${INVALID}You cannot modify stream status while updating table IOPS`,
  ],
  [
    'index and throughput',
    {},
    { ...REMOVE, ...PROVISIONED },
    `${INVALID}You cannot create or delete index while updating table IOPS`,
  ],
  [
    'index and stream',
    {},
    { ...REMOVE, ...ENABLE },
    `${INVALID}You cannot create or delete index while changing stream status`,
  ],
  [
    'a stream and a switch to provisioned',
    {},
    { ...ENABLE, ...PROVISIONED, BillingMode: 'PROVISIONED' },
    `${INVALID}You cannot modify stream status while updating table IOPS`,
  ],
  [
    'ceilings and a stream',
    {},
    { ...ENABLE, BillingMode: 'PAY_PER_REQUEST', OnDemandThroughput: { MaxReadRequestUnits: 5 } },
    `${INVALID}OnDemandThroughput can only be combined with BillingMode in an UpdateTable request`,
  ],
  [
    'warmth and a new index',
    {},
    {
      WarmThroughput: { ReadUnitsPerSecond: 20_000 },
      GlobalSecondaryIndexUpdates: [
        {
          Create: {
            IndexName: 'New',
            KeySchema: [{ AttributeName: 'h', KeyType: 'HASH' }],
            Projection: { ProjectionType: 'ALL' },
          },
        },
      ],
    },
    `${INVALID}Create global secondary index cannot be specified when updating WarmThroughput`,
  ],
  [
    'everything at once: encryption speaks first',
    {},
    { ...KMS, TableClass: 'STANDARD', DeletionProtectionEnabled: true, WarmThroughput: { ReadUnitsPerSecond: 20_000 } },
    `${INVALID}Server-Side Encryption modification ${ONLY}`,
  ],
  [
    'protection before warmth',
    {},
    { DeletionProtectionEnabled: true, WarmThroughput: { ReadUnitsPerSecond: 20_000 } },
    `${INVALID}DeletionProtection modification ${ONLY}`,
  ],
  [
    'a key without encryption',
    {},
    { SSESpecification: { Enabled: false, KMSMasterKeyId: 'k' } },
    `${INVALID}KMSMasterKeyId can not be specified if Enabled is false`,
  ],
  [
    'provisioned without throughput',
    {},
    { BillingMode: 'PROVISIONED' },
    `${INVALID}ProvisionedThroughput must be specified when BillingMode is PROVISIONED`,
  ],
  [
    'on demand with throughput',
    {},
    { BillingMode: 'PAY_PER_REQUEST', ...PROVISIONED },
    `${INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST`,
  ],
  [
    'throughput of an on-demand table',
    {},
    PROVISIONED,
    `${INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST`,
  ],
  [
    'the same throughput',
    PROVISIONED,
    { BillingMode: 'PROVISIONED', ...PROVISIONED },
    `The provisioned throughput for the table will not change. The requested value equals the current value. Current ReadCapacityUnits provisioned for the table: 5. Requested ReadCapacityUnits: 5. Current WriteCapacityUnits provisioned for the table: 6. Requested WriteCapacityUnits: 6. ${MORE}`,
  ],
  [
    'no throughput',
    PROVISIONED,
    { ProvisionedThroughput: units(0, 5) },
    "1 validation error detected: Value '0' at 'provisionedThroughput.readCapacityUnits' failed to satisfy constraint: Member must have value greater than or equal to 1",
  ],
  [
    'stream without a view type',
    {},
    { StreamSpecification: { StreamEnabled: true } },
    `${INVALID}If stream is being enabled then UpdateViewType is required`,
  ],
  [
    'no stream with a view type',
    {},
    { StreamSpecification: { StreamEnabled: false, StreamViewType: 'KEYS_ONLY' } },
    `${INVALID}If stream is being disabled, then UpdateViewType must not be specified`,
  ],
  ['a second stream', ENABLE, ENABLE, 'Table already has an enabled stream: TableName: Tab'],
  ['no stream to disable', {}, DISABLE, 'Table has no stream to disable: TableName: Tab'],
  [
    'encryption off that is off',
    {},
    { SSESpecification: { Enabled: false } },
    `${INVALID}Table is already encrypted by default`,
  ],
  [
    'the same key',
    KMS,
    KMS,
    `${INVALID}Table is already encrypted with given KMSMasterKeyId. Use KMSMasterKeyId parameter if you want to change Master Key`,
  ],
  [
    'ceilings of a provisioned table',
    PROVISIONED,
    { OnDemandThroughput: { MaxWriteRequestUnits: 5 } },
    `${INVALID}MaxWriteRequestUnits for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED`,
  ],
  [
    'ceiling below none',
    {},
    { OnDemandThroughput: { MaxReadRequestUnits: -2 } },
    `${INVALID}Requested MaxReadRequestUnits for OnDemandThroughput for table is outside of valid range`,
  ],
]

for (const [what, table, request, message] of refusals) {
  test(`UpdateTable refuses: ${what}`, async t => {
    const w = await withTable(table)
    const before = w.record('Tab')
    await refused(t, update(w, request), 'ValidationException', message)
    t.is(w.record('Tab'), before)
  })
}

test('UpdateTable checks the request before it looks for the table', async t => {
  const missing = 'Requested resource not found: Table: Tab not found'
  await refused(t, update(world(), {}), 'ValidationException', NOTHING)
  await refused(t, update(world(), PROVISIONED), 'ResourceNotFoundException', missing)
})

test('throughput: the answer shows the old values, DescribeTable the new ones', async t => {
  const w = await withTable(PROVISIONED)
  const answer = await update(w, { ProvisionedThroughput: units(10, 3) })
  t.is(answer.TableStatus, 'UPDATING')
  t.deepEqual(answer.ProvisionedThroughput, { NumberOfDecreasesToday: 0, ...units(5, 6) })
  w.settle()
  const after = await describe(w)
  t.deepEqual(after.ProvisionedThroughput, {
    NumberOfDecreasesToday: 1,
    LastIncreaseDateTime: START / 1000,
    LastDecreaseDateTime: START / 1000,
    ...units(10, 3),
  })
  t.is(after.TableStatus, 'ACTIVE')
  t.deepEqual(after.WarmThroughput, { ReadUnitsPerSecond: 10, WriteUnitsPerSecond: 6, Status: 'ACTIVE' })
  t.is(after.BillingModeSummary, undefined)
})

test('throughput: four decreases a day, then one an hour', async t => {
  const w = await withTable({ ProvisionedThroughput: units(100, 100) })
  let read = 100
  const decrease = async () => {
    await update(w, { ProvisionedThroughput: units(--read, 100) })
    w.settle()
    w.advance(1000)
  }
  for (let i = 0; i < 4; i++) await decrease()
  await refused(
    t,
    update(w, { ProvisionedThroughput: units(1, 100) }),
    'LimitExceededException',
    'Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. After the first 4 decreases, each subsequent decrease in the same UTC day can be performed at most once every 3600 seconds. Number of decreases today: 4. Last decrease at Thursday, February 29, 2024 12:30:18 PM UTC. Next decrease can be made at Thursday, February 29, 2024 1:30:18 PM UTC',
  )
  await update(w, { ProvisionedThroughput: units(200, 200) })
  w.settle()
  w.advance(HOUR)
  read = 200
  await decrease()
  t.is((await describe(w)).ProvisionedThroughput.NumberOfDecreasesToday, 5)
  w.advance(DAY / 2)
  t.is((await describe(w)).ProvisionedThroughput.NumberOfDecreasesToday, 0)
  for (let i = 0; i < 4; i++) await decrease()
  t.is((await describe(w)).ProvisionedThroughput.NumberOfDecreasesToday, 4)
})

test('billing: to on demand and back', async t => {
  const w = await withTable({ ...PROVISIONED, WarmThroughput: { ReadUnitsPerSecond: 50_000 } })
  const answer = await update(w, { BillingMode: 'PAY_PER_REQUEST' })
  t.is(answer.BillingModeSummary, undefined)
  w.settle()
  const onDemand = await describe(w)
  const summary = { LastUpdateToPayPerRequestDateTime: START / 1000 }
  t.deepEqual(onDemand.BillingModeSummary, { BillingMode: 'PAY_PER_REQUEST', ...summary })
  t.deepEqual(onDemand.ProvisionedThroughput, { NumberOfDecreasesToday: 0, ...units(0, 0) })
  t.deepEqual(onDemand.WarmThroughput, { ReadUnitsPerSecond: 50_000, WriteUnitsPerSecond: 4000, Status: 'ACTIVE' })
  await update(w, { OnDemandThroughput: { MaxReadRequestUnits: 5 } })
  w.settle()
  await update(w, { BillingMode: 'PROVISIONED', ...PROVISIONED })
  w.settle()
  const back = await describe(w)
  t.deepEqual(back.BillingModeSummary, { BillingMode: 'PROVISIONED', ...summary })
  t.deepEqual(back.ProvisionedThroughput, { NumberOfDecreasesToday: 0, ...units(5, 6) })
  t.is(back.OnDemandThroughput, undefined)
})

test('billing: the mode a table has already changes nothing', async t => {
  const w = await withTable()
  const answer = await update(w, { BillingMode: 'PAY_PER_REQUEST' })
  t.is(answer.TableStatus, 'ACTIVE')
})

test('billing: with a stream in one request', async t => {
  const w = await withTable(PROVISIONED)
  await update(w, { BillingMode: 'PAY_PER_REQUEST', ...ENABLE })
  const after = await describe(w)
  t.is(after.BillingModeSummary.BillingMode, 'PAY_PER_REQUEST')
  t.is(after.StreamSpecification.StreamViewType, 'NEW_IMAGE')
})

test('billing: with ceilings in one request', async t => {
  const w = await withTable(PROVISIONED)
  await update(w, { BillingMode: 'PAY_PER_REQUEST', OnDemandThroughput: { MaxReadRequestUnits: 9 } })
  t.deepEqual((await describe(w)).OnDemandThroughput, { MaxReadRequestUnits: 9 })
})

test('billing: four switches to on demand in 24 hours', async t => {
  const w = await withTable(PROVISIONED)
  const toAndFro = async () => {
    await update(w, { BillingMode: 'PAY_PER_REQUEST' })
    w.settle()
    await update(w, { BillingMode: 'PROVISIONED', ...PROVISIONED })
    w.settle()
  }
  for (let i = 0; i < 4; i++) await toAndFro()
  const error = await t.throwsAsync(update(w, { BillingMode: 'PAY_PER_REQUEST' }))
  t.regex(
    error.message,
    /^Subscriber limit exceeded: Update to PayPerRequest mode are limited to 4 times in 1 day\(s\)/,
  )
  w.advance(DAY + 1)
  await t.notThrowsAsync(toAndFro())
})

test('stream: each enabling has a label and an ARN of its own', async t => {
  const w = await withTable()
  const first = await update(w, ENABLE)
  t.is(first.LatestStreamLabel, '2024-02-29T12:30:15.250')
  t.is(first.LatestStreamArn, `${first.TableArn}/stream/2024-02-29T12:30:15.250`)
  t.deepEqual(first.StreamSpecification, ENABLE.StreamSpecification)
  t.is(first.TableStatus, 'UPDATING')
  w.settle()
  await update(w, DISABLE)
  w.settle()
  const disabled = await describe(w)
  t.is(disabled.StreamSpecification, undefined)
  t.is(disabled.LatestStreamArn, first.LatestStreamArn)
  const second = await update(w, ENABLE)
  t.is(second.LatestStreamLabel, '2024-02-29T12:30:15.251')
})

test('encryption: on, another key, off', async t => {
  const w = await withTable()
  const on = await update(w, KMS)
  t.is(on.TableStatus, 'ACTIVE')
  t.regex(
    on.SSEDescription.KMSMasterKeyArn,
    /^arn:aws:kms:eu-west-1:123456789012:key\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  )
  t.like(on.SSEDescription, { Status: 'UPDATING', SSEType: 'KMS' })
  t.is((await describe(w)).SSEDescription.Status, 'ENABLED')
  const key = { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: '1234abcd' }
  const other = await update(w, { SSESpecification: key })
  t.is(other.SSEDescription.KMSMasterKeyArn, 'arn:aws:kms:eu-west-1:123456789012:key/1234abcd')
  await t.notThrowsAsync(update(w, { SSESpecification: key }))
  const off = await update(w, { SSESpecification: { Enabled: false } })
  t.is(off.SSEDescription.Status, 'UPDATING')
  t.is((await describe(w)).SSEDescription, undefined)
  const error = await t.throwsAsync(update(w, KMS))
  t.regex(error.message, /^Subscriber limit exceeded: Encryption mode changes are limited in the 24h window ending at /)
  w.advance(6 * HOUR)
  await t.notThrowsAsync(update(w, KMS))
})

test('table class: twice in 30 days', async t => {
  const w = await withTable()
  const become = async (TableClass: string) => {
    await update(w, { TableClass })
    w.settle()
  }
  await become('STANDARD')
  t.is((await describe(w)).TableClassSummary, undefined)
  await become('STANDARD_INFREQUENT_ACCESS')
  t.deepEqual((await describe(w)).TableClassSummary, {
    TableClass: 'STANDARD_INFREQUENT_ACCESS',
    LastUpdateDateTime: START / 1000,
  })
  await become('STANDARD')
  await become('STANDARD')
  t.is((await describe(w)).TableClassSummary.TableClass, 'STANDARD')
  const limit = 'Subscriber limit exceeded: Updates to TableClass are limited to 2 times in 30 day(s).'
  await refused(t, become('STANDARD_INFREQUENT_ACCESS'), 'LimitExceededException', limit)
  w.advance(30 * DAY + 1)
  await t.notThrowsAsync(become('STANDARD_INFREQUENT_ACCESS'))
})

test('deletion protection applies at once, and again', async t => {
  const w = await withTable()
  for (const enabled of [true, true, false]) {
    const answer = await update(w, { DeletionProtectionEnabled: enabled })
    t.is(answer.DeletionProtectionEnabled, enabled)
    t.is(answer.TableStatus, 'ACTIVE')
  }
})

test('ceilings: each by itself, and -1 takes one away', async t => {
  const w = await withTable({ OnDemandThroughput: { MaxReadRequestUnits: 20, MaxWriteRequestUnits: 15 } })
  await update(w, { OnDemandThroughput: { MaxReadRequestUnits: 40 } })
  w.settle()
  t.deepEqual((await describe(w)).OnDemandThroughput, { MaxReadRequestUnits: 40, MaxWriteRequestUnits: 15 })
  const answer = await update(w, { OnDemandThroughput: { MaxWriteRequestUnits: -1 } })
  t.deepEqual(answer.OnDemandThroughput, { MaxReadRequestUnits: 40, MaxWriteRequestUnits: -1 })
  t.deepEqual((await describe(w)).OnDemandThroughput, { MaxReadRequestUnits: 40 })
})

test('warm throughput grows and never shrinks', async t => {
  const w = await withTable()
  const answer = await update(w, { WarmThroughput: { WriteUnitsPerSecond: 5000 } })
  const warm = { ReadUnitsPerSecond: 12_000, WriteUnitsPerSecond: 5000 }
  t.deepEqual(answer.WarmThroughput, { ...warm, Status: 'UPDATING' })
  t.deepEqual((await describe(w)).WarmThroughput, { ...warm, Status: 'ACTIVE' })
  const error = await t.throwsAsync(update(w, { WarmThroughput: { WriteUnitsPerSecond: 4999 } }))
  t.is(
    error.message,
    `${INVALID}Requested WriteUnitsPerSecond for WarmThroughput for table is lower than current WarmThroughput, decreasing WarmThroughput is not supported`,
  )
})

const T = 'Table: Tab'
const LABEL = '2024-02-29T12:30:15.250'
const conflicts: [state: Partial<TableRecord>, request: object, message: string | undefined][] = [
  [{ status: 'CREATING' }, { DeletionProtectionEnabled: true }, 'Table is being created: Tab'],
  [{ status: 'DELETING' }, { DeletionProtectionEnabled: true }, 'Table is being deleted: Tab'],
  [{ status: 'UPDATING' }, ENABLE, `${T} is in the process of being updated.`],
  [{ status: 'UPDATING', updating: 'THROUGHPUT' }, PROVISIONED, `Table IOPS are currently being updated. ${T}`],
  [
    { status: 'UPDATING', updating: 'THROUGHPUT' },
    ENABLE,
    `Can't enable or disable stream while table IOPS are being updated. ${T}`,
  ],
  [
    { status: 'UPDATING', updating: 'STREAM', latestStreamLabel: LABEL, stream: { viewType: 'KEYS_ONLY' } },
    PROVISIONED,
    `Can't change table IOPS when stream status is being updated. ${T} Stream: ${LABEL} Operation: ENABLE`,
  ],
  [
    { status: 'UPDATING', updating: 'STREAM', latestStreamLabel: LABEL },
    { OnDemandThroughput: { MaxReadRequestUnits: 1 } },
    'OnDemandThroughput cannot be updated while stream status update is in progress',
  ],
  [
    { status: 'UPDATING', updating: 'BILLING_MODE' },
    { OnDemandThroughput: { MaxReadRequestUnits: 1 } },
    'OnDemandThroughput cannot be updated while BillingMode update is in progress',
  ],
  [
    { status: 'UPDATING', updating: 'TABLE_CLASS' },
    { TableClass: 'STANDARD' },
    `Can't update table class when a table class update is in progress. ${T}`,
  ],
  [{ status: 'UPDATING', updating: 'STREAM' }, { DeletionProtectionEnabled: true }, undefined],
  [{ status: 'UPDATING', updating: 'STREAM' }, KMS, undefined],
  [{ status: 'UPDATING', updating: 'STREAM' }, { WarmThroughput: { ReadUnitsPerSecond: 13_000 } }, undefined],
]

for (const [state, request, message] of conflicts) {
  test(`in use: ${JSON.stringify(request)} while ${state.updating ?? state.status}: ${message}`, async t => {
    const w = await withTable()
    w.put('Tab', state)
    if (message === undefined) t.is((await update(w, request)).TableStatus, 'UPDATING')
    else await refused(t, update(w, request), 'ResourceInUseException', IN_USE + message)
  })
}
