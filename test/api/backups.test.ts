/** On-demand backups: what is in them, and what can be done with them. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { fill, indexed, invalid, makeTable, type Plain, refusal, startApi, startOwnApi } from './api.ts'
import { active, backedUp, itemsOf, sorted } from './backups.ts'

const { db, docs } = await startApi()

const SPEC = {
  key: 'pk:S | sk:N',
  local: { byL: { key: 'pk:S | l:S' } },
  global: { byG: { key: 'g:N', project: 'KEYS_ONLY' as const } },
}
const item = (i: number): Plain => ({ pk: `p${i % 7}`, sk: i, l: `l${i % 5}`, g: i % 3, set: new Set([i]), n: i / 7 })
const ITEMS: Plain[] = Array.from({ length: 60 }, (_, i) => item(i))

test('a restored table has the items of the backup, its keys, indexes and settings, and nothing that came later', async t => {
  const source = await makeTable(db, {
    ...SPEC,
    more: { Tags: [{ Key: 'k', Value: 'v' }], DeletionProtectionEnabled: true },
  })
  await fill(docs, source, ITEMS)
  const BackupArn = await backedUp(db, source)
  await docs.put({ TableName: source, Item: { pk: 'later', sk: 1 } })
  await docs.delete({ TableName: source, Key: { pk: 'p0', sk: 0 } })
  const { TableDescription } = await db.restoreTableFromBackup({ TargetTableName: 'restored', BackupArn })
  t.like(TableDescription, {
    TableStatus: 'CREATING',
    RestoreSummary: { SourceBackupArn: BackupArn, RestoreInProgress: true },
  })
  await active(db, 'restored')
  t.deepEqual(await itemsOf(docs, 'restored'), sorted(ITEMS))
  t.deepEqual(await itemsOf(docs, 'restored', 'byL'), sorted(ITEMS))
  await indexed(docs, 'restored', 'byG', ITEMS.length)
  t.deepEqual(await itemsOf(docs, 'restored', 'byG'), sorted(ITEMS.map(({ pk, sk, g }) => ({ pk, sk, g }))))
  const [before, after] = await Promise.all([source, 'restored'].map(TableName => db.describeTable({ TableName })))
  t.deepEqual(after!.Table!.KeySchema, before!.Table!.KeySchema)
  t.is(after!.Table!.BillingModeSummary?.BillingMode, 'PAY_PER_REQUEST')
  t.is(after!.Table!.RestoreSummary, undefined)
  t.false(after!.Table!.DeletionProtectionEnabled)
  t.not(after!.Table!.TableId, before!.Table!.TableId)
  t.deepEqual((await db.listTagsOfResource({ ResourceArn: after!.Table!.TableArn })).Tags ?? [], [])
})

test('a backup describes its source, and is listed', async t => {
  const source = await makeTable(db, SPEC)
  await fill(docs, source, ITEMS.slice(0, 3))
  const BackupArn = await backedUp(db, source, 'described')
  const { BackupDescription } = await db.describeBackup({ BackupArn })
  t.like(BackupDescription, {
    BackupDetails: { BackupArn, BackupName: 'described', BackupStatus: 'AVAILABLE', BackupType: 'USER' },
    SourceTableDetails: { TableName: source, ItemCount: 3, BillingMode: 'PAY_PER_REQUEST' },
  })
  t.true(BackupDescription!.BackupDetails!.BackupSizeBytes! > 0)
  t.regex(BackupArn, /:table\/[^/]+\/backup\/\d{14}-[0-9a-f]{8}$/)
  t.is(BackupDescription!.SourceTableFeatureDetails!.GlobalSecondaryIndexes!.length, 1)
  t.is(BackupDescription!.SourceTableFeatureDetails!.LocalSecondaryIndexes!.length, 1)
  const second = await backedUp(db, source, 'second')
  const names = async (more: object) =>
    (await db.listBackups({ TableName: source, ...more })).BackupSummaries!.map(summary => summary.BackupName)
  t.deepEqual(await names({}), ['described', 'second'])
  t.deepEqual(await names({ BackupType: 'SYSTEM' }), [])
  t.deepEqual(await names({ BackupType: 'ALL', TimeRangeUpperBound: new Date(0) }), [])
  t.deepEqual(await names({ TimeRangeLowerBound: new Date(0) }), ['described', 'second'])
  t.deepEqual((await db.listBackups({ TableName: 'unknown' })).BackupSummaries, [])
  const page = await db.listBackups({ TableName: source, Limit: 1 })
  t.is(page.LastEvaluatedBackupArn, BackupArn)
  const rest = await db.listBackups({
    TableName: source,
    Limit: 1,
    ExclusiveStartBackupArn: page.LastEvaluatedBackupArn,
  })
  t.deepEqual([rest.BackupSummaries![0]!.BackupArn, rest.LastEvaluatedBackupArn], [second, undefined])
})

test('a deleted backup is gone', async t => {
  const source = await makeTable(db, SPEC)
  const BackupArn = await backedUp(db, source)
  const { BackupDescription } = await db.deleteBackup({ BackupArn })
  t.is(BackupDescription!.BackupDetails!.BackupStatus, 'DELETED')
  const gone = `BackupNotFoundException: Backup not found: ${BackupArn}`
  t.is(await refusal(db.describeBackup({ BackupArn })), gone)
  t.is(await refusal(db.deleteBackup({ BackupArn })), gone)
  t.is(await refusal(db.restoreTableFromBackup({ BackupArn, TargetTableName: 'never' })), gone)
  t.deepEqual((await db.listBackups({ TableName: source })).BackupSummaries, [])
})

test('a backup outlives its table, and restores under its name', async t => {
  const source = await makeTable(db, SPEC)
  await fill(docs, source, ITEMS.slice(0, 10))
  const BackupArn = await backedUp(db, source)
  await db.deleteTable({ TableName: source })
  t.is((await db.describeBackup({ BackupArn })).BackupDescription!.SourceTableDetails!.ItemCount, 10)
  await db.restoreTableFromBackup({ TargetTableName: source, BackupArn })
  await active(db, source)
  t.deepEqual(await itemsOf(docs, source), sorted(ITEMS.slice(0, 10)))
})

test('a restore may leave indexes out, and change billing', async t => {
  const source = await makeTable(db, SPEC)
  await fill(docs, source, ITEMS.slice(0, 5))
  const BackupArn = await backedUp(db, source)
  const restore = (TargetTableName: string, overrides: object) =>
    db.restoreTableFromBackup({ TargetTableName, BackupArn, ...overrides })
  await restore('bare', {
    GlobalSecondaryIndexOverride: [],
    LocalSecondaryIndexOverride: [],
    BillingModeOverride: 'PROVISIONED',
    ProvisionedThroughputOverride: { ReadCapacityUnits: 5, WriteCapacityUnits: 6 },
  })
  await active(db, 'bare')
  const { Table } = await db.describeTable({ TableName: 'bare' })
  t.like(Table, { GlobalSecondaryIndexes: undefined, LocalSecondaryIndexes: undefined })
  t.like(Table!.ProvisionedThroughput, { ReadCapacityUnits: 5, WriteCapacityUnits: 6 })
  t.deepEqual(
    Table!.AttributeDefinitions!.map(({ AttributeName }) => AttributeName),
    ['pk', 'sk'],
  )
  t.is(
    await invalid(restore('x-1', { ProvisionedThroughputOverride: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 } })),
    'Cannot override ProvisionedThroughput unless BillingMode is PROVISIONED',
  )
  t.is(
    await invalid(restore('x-1', { BillingModeOverride: 'PROVISIONED' })),
    'Must override ProvisionedThroughput if BillingMode is overridden to PROVISIONED',
  )
  const other = {
    IndexName: 'byG',
    KeySchema: [{ AttributeName: 'g', KeyType: 'HASH' }],
    Projection: { ProjectionType: 'ALL' },
  }
  t.is(
    await invalid(restore('x-1', { GlobalSecondaryIndexOverride: [other] })),
    'Index byG does not match a secondary index that existed in the source table and cannot be created during the restore operation',
  )
  t.is(await refusal(restore(source, {})), `TableAlreadyExistsException: Table already exists: ${source}`)
})

test('an item that does not fit an index made later is restored all the same', async t => {
  const source = await makeTable(db, { key: 'pk:S' })
  await docs.put({ TableName: source, Item: { pk: 'a', g: 'text' } })
  await docs.put({ TableName: source, Item: { pk: 'b', g: 7 } })
  await db.updateTable({
    TableName: source,
    AttributeDefinitions: [{ AttributeName: 'g', AttributeType: 'N' }],
    GlobalSecondaryIndexUpdates: [
      {
        Create: {
          IndexName: 'late',
          KeySchema: [{ AttributeName: 'g', KeyType: 'HASH' }],
          Projection: { ProjectionType: 'ALL' },
        },
      },
    ],
  })
  await active(db, source)
  await indexed(docs, source, 'late', 1)
  const BackupArn = await backedUp(db, source)
  await db.restoreTableFromBackup({ TargetTableName: `${source}-2`, BackupArn })
  await active(db, `${source}-2`)
  t.is((await docs.scan({ TableName: `${source}-2` })).Count, 2)
  await indexed(docs, `${source}-2`, 'late', 1)
})

test('refusals', async t => {
  const arn = 'arn:aws:dynamodb:us-east-1:123456789012:table/nothing/backup/01700000000000-1a2b3c4d'
  t.is(
    await refusal(db.createBackup({ TableName: 'nothing', BackupName: 'abc' })),
    'TableNotFoundException: Table not found: nothing',
  )
  t.is(await refusal(db.describeBackup({ BackupArn: arn })), `BackupNotFoundException: Backup not found: ${arn}`)
  t.is(await invalid(db.describeBackup({ BackupArn: arn.replace('backup', 'banana') })), 'Invalid Backup ARN')
  t.regex(
    await invalid(db.createBackup({ TableName: 'nothing', BackupName: 'a b' })),
    /'backupName' failed to satisfy constraint/,
  )
})

test('a backup taken under concurrent writes is the table of one moment', async t => {
  const source = await makeTable(db, { key: 'pk:S', more: {} })
  const WRITERS = 8
  /** By writer: each writes n to two items, the first one first. A moment shows both alike, or the first one ahead by one. */
  let stopped = false
  const acknowledged = new Array<number>(WRITERS).fill(0)
  const pad = 'x'.repeat(2000)
  await Promise.all(
    Array.from({ length: 400 }, (_, i) => docs.put({ TableName: source, Item: { pk: `ballast-${i}`, pad } })),
  )
  const write = async (writer: number) => {
    for (let n = 1; !stopped; n++) {
      for (const side of ['first', 'second'])
        await docs.put({ TableName: source, Item: { pk: `${side}-${writer}`, n } })
      acknowledged[writer] = n
    }
  }
  const writers = acknowledged.map((_, writer) => write(writer))
  await sleep(200)
  const before = [...acknowledged]
  const BackupArn = await backedUp(db, source)
  const after = [...acknowledged]
  await sleep(50)
  stopped = true
  await Promise.all(writers)
  await db.restoreTableFromBackup({ TargetTableName: 'moment', BackupArn })
  await active(db, 'moment')
  const items = new Map<string, Plain>()
  let start: Plain | undefined
  do {
    const page = await docs.scan({ TableName: 'moment', ExclusiveStartKey: start })
    for (const found of page.Items!) items.set(found.pk, found)
    start = page.LastEvaluatedKey
  } while (start)
  t.is(items.size, 400 + 2 * WRITERS)
  for (let writer = 0; writer < WRITERS; writer++) {
    const [first, second] = ['first', 'second'].map(side => items.get(`${side}-${writer}`)!.n as number)
    t.true(first === second || first === second! + 1, `writer ${writer}: ${first} ${second}`)
    t.true(second! >= before[writer]! && second! <= after[writer]! + 1, `${before[writer]} ${second} ${after[writer]}`)
  }
})

test('a damaged backup is refused', async t => {
  const own = await startOwnApi(t)
  const TableName = await makeTable(own.db, { key: 'pk:S' })
  await own.docs.put({ TableName, Item: { pk: 'a' } })
  const BackupArn = await backedUp(own.db, TableName)
  const folder = join(own.node.dataDir!, 'backups')
  const files = (await readdir(folder, { recursive: true })).filter(name => name.includes('rows-'))
  const path = join(folder, files[0]!)
  const bytes = await readFile(path)
  bytes[bytes.length - 3]! ^= 1
  await writeFile(path, bytes)
  const text = await invalid(own.db.restoreTableFromBackup({ TargetTableName: 'never', BackupArn }))
  t.regex(text, /^Backup arn:\S+ is damaged: the object \S+ is not what was written$/)
  t.is(await refusal(own.docs.scan({ TableName: 'never' })), 'ResourceNotFoundException: Requested resource not found')
})
