/** Point-in-time recovery against a recorded history, and the backup that a deleted table leaves. */
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { eventually, invalid, makeTable, type Plain, refusal, startApi } from './api.ts'
import { active, itemsOf, protect } from './backups.ts'

const { db, docs } = await startApi()

async function recovery(TableName: string) {
  const { ContinuousBackupsDescription } = await db.describeContinuousBackups({ TableName })
  return ContinuousBackupsDescription!.PointInTimeRecoveryDescription!
}

test('a table can be recovered to each of several points in time', async t => {
  const TableName = await makeTable(db, { key: 'pk:S', global: { byN: { key: 'n:N' } } })
  await docs.put({ TableName, Item: { pk: 'old', n: 0 } })
  const description = await protect(db, TableName)
  t.is(description.PointInTimeRecoveryStatus, 'ENABLED')
  t.is(description.RecoveryPeriodInDays, 35)
  t.true(description.EarliestRestorableDateTime! <= description.LatestRestorableDateTime!)
  await sleep(1100)
  /** What the table held in the quiet before each time. */
  const history: { time: Date; items: Plain[] }[] = []
  for (let round = 1; round <= 3; round++) {
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => docs.put({ TableName, Item: { pk: `p${i}`, n: round * 100 + i } })),
    )
    await docs.delete({ TableName, Key: { pk: `p${round}` } })
    await docs.update({
      TableName,
      Key: { pk: 'old' },
      UpdateExpression: 'ADD n :one',
      ExpressionAttributeValues: { ':one': 1 },
    })
    await sleep(5)
    history.push({ time: new Date(), items: await itemsOf(docs, TableName) })
    await sleep(300)
  }
  for (const [i, { time, items }] of history.entries()) {
    const target = `${TableName}-at-${i}`
    await db.restoreTableToPointInTime({
      SourceTableName: TableName,
      TargetTableName: target,
      RestoreDateTime: time,
    })
    await active(db, target)
    t.deepEqual(await itemsOf(docs, target), items)
    t.deepEqual(await itemsOf(docs, target, 'byN'), items)
  }
  const { SourceTableArn } = { SourceTableArn: (await db.describeTable({ TableName })).Table!.TableArn! }
  await db.restoreTableToPointInTime({
    SourceTableArn,
    TargetTableName: `${TableName}-now`,
    UseLatestRestorableTime: true,
  })
  await active(db, `${TableName}-now`)
  t.deepEqual(await itemsOf(docs, `${TableName}-now`), history.at(-1)!.items)
})

test('refusals', async t => {
  const TableName = await makeTable(db, { key: 'pk:S' })
  const restore = (more: object) =>
    db.restoreTableToPointInTime({ SourceTableName: TableName, TargetTableName: 'never', ...more })
  t.is(
    await refusal(restore({ UseLatestRestorableTime: true })),
    `PointInTimeRecoveryUnavailableException: Point in time recovery is not enabled for table '${TableName}'`,
  )
  t.is(
    await invalid(restore({ SourceTableName: undefined, UseLatestRestorableTime: true })),
    'Must provide exactly one of: sourceTableArn, sourceTableName',
  )
  t.is(
    await invalid(restore({})),
    'Invalid Request: Either one of RestoreDateTime or UseLatestRestorableTime must be specified, but not both',
  )
  await protect(db, TableName)
  t.regex(
    await refusal(restore({ RestoreDateTime: new Date(Date.now() - 3600_000) })),
    /^InvalidRestoreTimeException: RestoreDateTime '\S+Z' must be within EarliestRestorableDateTime '\S+Z' and LatestRestorableDateTime '\S+Z'$/,
  )
  t.regex(
    await refusal(restore({ RestoreDateTime: new Date(Date.now() + 3600_000) })),
    /^InvalidRestoreTimeException: /,
  )
  t.is(
    await refusal(restore({ UseLatestRestorableTime: true, TargetTableName: TableName })),
    `TableAlreadyExistsException: Table already exists: ${TableName}`,
  )
  t.is(
    await invalid(
      db.updateContinuousBackups({
        TableName,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false, RecoveryPeriodInDays: 3 },
      }),
    ),
    'Invalid Request: Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery.',
  )
})

test('the latest time follows the clock; disabling ends it, enabling begins anew', async t => {
  const TableName = await makeTable(db, { key: 'pk:S' })
  t.deepEqual(await recovery(TableName), { PointInTimeRecoveryStatus: 'DISABLED' })
  const first = await protect(db, TableName)
  await sleep(2100)
  const later = await recovery(TableName)
  t.true(later.LatestRestorableDateTime! > first.LatestRestorableDateTime!)
  t.true(Date.now() - later.LatestRestorableDateTime!.getTime() < 3000)
  t.deepEqual(later.EarliestRestorableDateTime, first.EarliestRestorableDateTime)
  const disable = { PointInTimeRecoveryEnabled: false }
  await db.updateContinuousBackups({ TableName, PointInTimeRecoverySpecification: disable })
  t.deepEqual(await recovery(TableName), { PointInTimeRecoveryStatus: 'DISABLED' })
  const again = await protect(db, TableName)
  t.true(again.EarliestRestorableDateTime! > first.EarliestRestorableDateTime!)
  const days = { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 2 }
  await db.updateContinuousBackups({ TableName, PointInTimeRecoverySpecification: days })
  const shorter = await recovery(TableName)
  t.is(shorter.RecoveryPeriodInDays, 2)
  t.deepEqual(shorter.EarliestRestorableDateTime, again.EarliestRestorableDateTime)
})

test('a deleted table that could be recovered leaves a system backup', async t => {
  const TableName = await makeTable(db, { key: 'pk:S' })
  await protect(db, TableName)
  await docs.put({ TableName, Item: { pk: 'a', n: 1 } })
  await db.deleteTable({ TableName })
  t.is(await refusal(docs.scan({ TableName })), 'ResourceNotFoundException: Requested resource not found')
  const list = async () => (await db.listBackups({ TableName, BackupType: 'SYSTEM' })).BackupSummaries!
  t.is(await eventually(async () => (await list()).length, 1), 1)
  const [backup] = await list()
  t.is(backup!.BackupName, `${TableName}$DeletedTableBackup`)
  t.is(backup!.BackupExpiryDateTime!.getTime() - backup!.BackupCreationDateTime!.getTime(), 35 * 24 * 3600_000)
  const tables = async () => (await db.listTables({})).TableNames!.includes(TableName)
  t.false(await eventually(tables, false))
  await db.restoreTableFromBackup({ TargetTableName: TableName, BackupArn: backup!.BackupArn! })
  await active(db, TableName)
  t.deepEqual(await itemsOf(docs, TableName), [{ pk: 'a', n: 1 }])
  t.regex(await refusal(db.deleteBackup({ BackupArn: backup!.BackupArn! })), /^ValidationException: /)
})
