/** Backups, restores and archives of a process that is killed in between. */
import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { spawnTavola } from '../helpers/process.ts'
import { tempFolder } from '../helpers/temp.ts'
import { connect, fill, makeTable, type Plain } from './api.ts'
import { active, backedUp, itemsOf, protect, sorted } from './backups.ts'

const COUNT = 1500
const ITEMS: Plain[] = Array.from({ length: COUNT }, (_, i) => ({ pk: `p${i}`, g: i % 3, pad: 'x'.repeat(400) }))

async function begin(t: ExecutionContext, dataDir: string) {
  const tavola = await spawnTavola(['--data-dir', dataDir, '--partitions', '2'])
  const clients = connect(tavola.endpoint)
  const kill = () => tavola.kill('SIGKILL')
  t.teardown(async () => {
    await kill()
    clients.db.destroy()
  })
  return { ...clients, kill, tavola }
}

test('a restore that a kill interrupts goes on, and a backup that a kill interrupts is whole or gone', async t => {
  const dataDir = await tempFolder(t)
  let server = await begin(t, dataDir)
  const TableName = await makeTable(server.db, { key: 'pk:S', global: { byG: { key: 'g:N', project: 'KEYS_ONLY' } } })
  await fill(server.docs, TableName, ITEMS)
  const BackupArn = await backedUp(server.db, TableName)
  for (const round of [1, 2]) {
    const TargetTableName = `restored-${round}`
    // Not waited for: the process dies while they are under way.
    const restore = server.db.restoreTableFromBackup({ TargetTableName, BackupArn }).catch(() => {})
    const backup = server.db.createBackup({ TableName, BackupName: `cut-${round}` }).catch(() => {})
    await sleep(30 * round)
    await server.kill()
    await Promise.all([restore, backup])
    server = await begin(t, dataDir)
    const { TableNames } = await server.db.listTables({})
    if (TableNames!.includes(TargetTableName)) {
      await active(server.db, TargetTableName)
      t.deepEqual(await itemsOf(server.docs, TargetTableName), sorted(ITEMS))
      t.is((await itemsOf(server.docs, TargetTableName, 'byG')).length, COUNT)
    }
    const { BackupSummaries } = await server.db.listBackups({ TableName })
    t.deepEqual(
      BackupSummaries!.filter(({ BackupStatus }) => BackupStatus !== 'AVAILABLE'),
      [],
    )
  }
  t.is((await itemsOf(server.docs, TableName)).length, COUNT)
})

test('an archive goes on after kills: what was acknowledged can be recovered at its time', async t => {
  const dataDir = await tempFolder(t)
  let server = await begin(t, dataDir)
  const TableName = await makeTable(server.db, { key: 'pk:S' })
  await protect(server.db, TableName)
  const history: { time: Date; items: Plain[] }[] = []
  for (const round of [1, 2]) {
    await fill(
      server.docs,
      TableName,
      ITEMS.slice(0, 300).map(item => ({ ...item, round })),
    )
    await sleep(5)
    history.push({ time: new Date(), items: await itemsOf(server.docs, TableName) })
    await sleep(5)
    await server.kill()
    server = await begin(t, dataDir)
  }
  await server.docs.put({ TableName, Item: { pk: 'last' } })
  for (const [i, { time, items }] of history.entries()) {
    const target = `${TableName}-${i}`
    await server.db.restoreTableToPointInTime({
      SourceTableName: TableName,
      TargetTableName: target,
      RestoreDateTime: time,
    })
    await active(server.db, target)
    t.deepEqual(await itemsOf(server.docs, target), items)
  }
  const { code } = await server.tavola.kill('SIGTERM')
  t.is(code, 0)
})

test('a deletion that a kill interrupts leaves the backup, and then nothing else', async t => {
  const dataDir = await tempFolder(t)
  let server = await begin(t, dataDir)
  const TableName = await makeTable(server.db, { key: 'pk:S' })
  await protect(server.db, TableName)
  await fill(server.docs, TableName, ITEMS.slice(0, 500))
  const deletion = server.db.deleteTable({ TableName }).catch(() => {})
  await sleep(8)
  await server.kill()
  await deletion
  server = await begin(t, dataDir)
  for (let i = 0; i < 100; i++) {
    if (!(await server.db.listTables({})).TableNames!.includes(TableName)) break
    if (i === 50) await server.db.deleteTable({ TableName }).catch(() => {})
    await sleep(50)
  }
  t.deepEqual((await server.db.listTables({})).TableNames, [])
  const { BackupSummaries } = await server.db.listBackups({ TableName, BackupType: 'SYSTEM' })
  t.is(BackupSummaries!.length, 1)
  await server.db.restoreTableFromBackup({ TargetTableName: TableName, BackupArn: BackupSummaries![0]!.BackupArn })
  await active(server.db, TableName)
  t.is((await itemsOf(server.docs, TableName)).length, 500)
})
