import test from 'ava'
import fc from 'fast-check'
import { createTable } from '../../../server/api/CreateTable.ts'
import { deleteTable } from '../../../server/api/DeleteTable.ts'
import { describeContinuousBackups } from '../../../server/api/DescribeContinuousBackups.ts'
import { describeEndpoints } from '../../../server/api/DescribeEndpoints.ts'
import { describeLimits } from '../../../server/api/DescribeLimits.ts'
import { describeTable } from '../../../server/api/DescribeTable.ts'
import { listTables } from '../../../server/api/ListTables.ts'
import type { TableRecord } from '../../../server/model/table.ts'
import { ARN, definitions, IN_USE, type Json, keySchema, refused, simple, type World, world } from './world.ts'

const TAB = { TableName: 'Tab' }
const MISSING = 'Requested resource not found: Table: Tab not found'

async function withTable(request: object = {}): Promise<World> {
  const w = world()
  await w.run(createTable, simple(request))
  w.settle()
  return w
}

const named: [given: string, code: string, message: string][] = [
  ['Tab', 'ResourceNotFoundException', MISSING],
  [`${ARN}Tab`, 'ResourceNotFoundException', MISSING],
  ['arn:aws:dynamodb:eu-west-1:999999999999:table/Tab', 'AccessDeniedException', 'Access is denied'],
  [
    'arn:aws:dynamodb:eu-west-2:123456789012:table/Tab',
    'ValidationException',
    "1 validation error detected: Invalid AWS region in 'arn:aws:dynamodb:eu-west-2:123456789012:table/Tab'",
  ],
  [
    `${ARN}Tab/index/Ind`,
    'ValidationException',
    `Invalid TableArn: Invalid ResourceArn provided as input ${ARN}Tab/index/Ind`,
  ],
]

for (const [given, code, message] of named) {
  test(`a table that is not there, by ${given}`, async t => {
    await refused(t, world().run(describeTable, { TableName: given }), code, message)
    await refused(t, world().run(deleteTable, { TableName: given }), code, message)
  })
}

test('DescribeTable shows sizes as they are, of the table and of each index', async t => {
  const index = (IndexName: string, ...key: string[]) => ({
    IndexName,
    KeySchema: keySchema(...key),
    Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['n'] },
  })
  const w = await withTable({
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: definitions('r:S', 'h:S'),
    KeySchema: keySchema('h', 'r'),
    LocalSecondaryIndexes: [index('Loc', 'h', 'r')],
    GlobalSecondaryIndexes: [index('Ind', 'r'), index('toString', 'h')],
  })
  w.setStatistics('Tab', {
    table: { items: 3, bytes: 300 },
    indexes: { Loc: { items: 2, bytes: 20 }, Ind: { items: 1, bytes: 10 } },
  })
  const { Table } = await w.run(describeTable, { TableName: `${ARN}Tab` })
  t.like(Table, { TableName: 'Tab', TableStatus: 'ACTIVE', ItemCount: 3, TableSizeBytes: 300 })
  t.deepEqual(Table.AttributeDefinitions, definitions('r:S', 'h:S'))
  t.deepEqual(Table.LocalSecondaryIndexes, [
    { ...index('Loc', 'h', 'r'), IndexArn: `${ARN}Tab/index/Loc`, ItemCount: 2, IndexSizeBytes: 20 },
  ])
  const [first, second] = Table.GlobalSecondaryIndexes
  t.deepEqual(first, {
    ...index('Ind', 'r'),
    IndexArn: `${ARN}Tab/index/Ind`,
    ItemCount: 1,
    IndexSizeBytes: 10,
    IndexStatus: 'ACTIVE',
    ProvisionedThroughput: { NumberOfDecreasesToday: 0, ReadCapacityUnits: 0, WriteCapacityUnits: 0 },
    WarmThroughput: { ReadUnitsPerSecond: 12_000, WriteUnitsPerSecond: 4000, Status: 'ACTIVE' },
  })
  t.like(second, { ItemCount: 0, IndexSizeBytes: 0 })
})

test('DeleteTable answers with the table DELETING; then it is gone', async t => {
  const w = await withTable()
  const { TableDescription } = await w.run(deleteTable, TAB)
  t.like(TableDescription, { TableName: 'Tab', TableStatus: 'DELETING' })
  t.is((await w.run(describeTable, TAB)).Table.TableStatus, 'DELETING')
  await refused(t, w.run(deleteTable, TAB), 'ResourceInUseException', `${IN_USE}Table is being deleted: Tab`)
  w.settle()
  await refused(t, w.run(describeTable, TAB), 'ResourceNotFoundException', MISSING)
})

test('DeleteTable respects the protection', async t => {
  const w = await withTable({ DeletionProtectionEnabled: true })
  const message =
    'Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.'
  await refused(t, w.run(deleteTable, TAB), 'ValidationException', message)
})

const busy: [state: (record: TableRecord) => Partial<TableRecord>, message: string][] = [
  [() => ({ status: 'CREATING' }), 'Table is being created: Tab'],
  [() => ({ status: 'UPDATING' }), 'Table: Tab is in the process of being updated.'],
  [() => ({ status: 'UPDATING', updating: 'STREAM' }), 'Cannot delete table while stream is being enabled/disabled.'],
  [
    ({ globalIndexes: [index] }) => ({ globalIndexes: [{ ...index!, status: 'CREATING', backfilling: true }] }),
    'Cannot delete table while indexes are being created, updated, or deleted.',
  ],
]

for (const [state, message] of busy) {
  test(`DeleteTable waits: ${message}`, async t => {
    const index = { IndexName: 'Ind', KeySchema: keySchema('h'), Projection: { ProjectionType: 'ALL' } }
    const w = await withTable({ BillingMode: 'PAY_PER_REQUEST', GlobalSecondaryIndexes: [index] })
    w.put('Tab', state(w.record('Tab')))
    await refused(t, w.run(deleteTable, TAB), 'ResourceInUseException', IN_USE + message)
  })
}

test('ListTables: pages hold all names once, in order, whatever the limit and start', async t => {
  const tableName = fc.stringMatching(/^[a-zA-Z0-9_.-]{3,5}$/)
  const property = fc.asyncProperty(
    fc.uniqueArray(tableName, { maxLength: 12 }),
    tableName,
    fc.integer({ min: 1, max: 5 }),
    async (names, start, Limit) => {
      const w = world()
      for (const TableName of names) await w.run(createTable, simple({ TableName }))
      const seen: string[] = []
      let next: string | undefined = start
      do {
        const page: Json = await w.run(listTables, { Limit, ExclusiveStartTableName: next })
        t.true(page.TableNames.length <= Limit)
        seen.push(...page.TableNames)
        next = page.LastEvaluatedTableName
      } while (next !== undefined)
      const bytes = (name: string) => Buffer.from(name)
      const expected = names.filter(name => Buffer.compare(bytes(name), bytes(start)) > 0)
      t.deepEqual(
        seen,
        expected.sort((a, b) => Buffer.compare(bytes(a), bytes(b))),
      )
    },
  )
  await fc.assert(property, { numRuns: 50 })
})

test('ListTables: no last name when the page ends where the tables do', async t => {
  const w = await withTable()
  t.deepEqual(await w.run(listTables, { Limit: 1 }), { TableNames: ['Tab'] })
  t.deepEqual(await world().run(listTables, {}), { TableNames: [] })
})

test('ListTables: a limit of 0 or 101', async t => {
  for (const [Limit, rest] of [
    [0, 'greater than or equal to 1'],
    [101, 'less than or equal to 100'],
  ]) {
    const message = `1 validation error detected: Value '${Limit}' at 'limit' failed to satisfy constraint: Member must have value ${rest}`
    await refused(t, world().run(listTables, { Limit }), 'ValidationException', message)
  }
})

test('DescribeContinuousBackups', async t => {
  const w = await withTable()
  t.deepEqual(await w.run(describeContinuousBackups, TAB), {
    ContinuousBackupsDescription: {
      ContinuousBackupsStatus: 'ENABLED',
      PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: 'DISABLED' },
    },
  })
  w.put('Tab', { status: 'CREATING' })
  const creating = await w.run(describeContinuousBackups, TAB)
  t.is(creating.ContinuousBackupsDescription.ContinuousBackupsStatus, 'DISABLED')
  const missing = w.run(describeContinuousBackups, { TableName: 'Not' })
  await refused(t, missing, 'TableNotFoundException', 'Table not found: Not')
})

test('DescribeLimits and DescribeEndpoints', async t => {
  t.deepEqual(await world().run(describeLimits, {}), {
    AccountMaxReadCapacityUnits: 80_000,
    AccountMaxWriteCapacityUnits: 80_000,
    TableMaxReadCapacityUnits: 40_000,
    TableMaxWriteCapacityUnits: 40_000,
  })
  t.deepEqual(await world().run(describeEndpoints, {}), {
    Endpoints: [{ Address: 'dynamodb.eu-west-1.amazonaws.com', CachePeriodInMinutes: 1440 }],
  })
})
