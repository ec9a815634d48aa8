/** Backups in other places than the data folder. */
import { readdir } from 'node:fs/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { run, testUnless } from '../clients/tools.ts'
import type { TestNodeOptions } from '../helpers/node.ts'
import { startS3 } from '../helpers/s3.ts'
import { tempFolder } from '../helpers/temp.ts'
import { fill, makeTable, type Plain, startOwnApi } from './api.ts'
import { active, backedUp, itemsOf, protect } from './backups.ts'

const SCRIPT = fileURLToPath(new URL('../../scripts/s3-server', import.meta.url))
const ITEMS: Plain[] = Array.from({ length: 100 }, (_, i) => ({ pk: `p${i}`, n: i }))

const { code, stdout, stderr } = await run(SCRIPT, ['present'])
const s3 = code === 0 ? await startS3(stdout.trim(), ['kept', 'my-exports']) : undefined

/** Backs a table up, deletes it, and restores it; then recovers it, and exports it if there is a bucket. */
async function everything(t: ExecutionContext, options: TestNodeOptions, S3Bucket?: string): Promise<void> {
  const { db, docs } = await startOwnApi(t, options)
  const TableName = await makeTable(db, { key: 'pk:S' })
  await fill(docs, TableName, ITEMS)
  const items = await itemsOf(docs, TableName)
  const BackupArn = await backedUp(db, TableName)
  await db.deleteTable({ TableName })
  await db.restoreTableFromBackup({ TargetTableName: TableName, BackupArn })
  await active(db, TableName)
  t.deepEqual(await itemsOf(docs, TableName), items)
  await protect(db, TableName)
  const source = { SourceTableName: TableName, UseLatestRestorableTime: true }
  await db.restoreTableToPointInTime({ ...source, TargetTableName: 'recovered' })
  await active(db, 'recovered')
  t.deepEqual(await itemsOf(docs, 'recovered'), items)
  if (S3Bucket === undefined) return
  const { Table } = await db.describeTable({ TableName })
  const { ExportDescription } = await db.exportTableToPointInTime({ TableArn: Table!.TableArn, S3Bucket })
  const { ExportArn } = ExportDescription!
  const status = async () => (await db.describeExport({ ExportArn })).ExportDescription!.ExportStatus
  while ((await status()) === 'IN_PROGRESS');
  t.is(await status(), 'COMPLETED')
  await db.deleteBackup({ BackupArn })
}

test('in memory', t => everything(t, { inMemory: true }, 'any-bucket'))

test('in a folder of its own', async t => {
  const folder = await tempFolder(t)
  await everything(t, { backupStore: pathToFileURL(folder).href })
  t.true((await readdir(folder)).includes('archives'))
})

if (s3) {
  test.after.always(s3.close)
  const places = { backupStore: 's3://kept/some/prefix', buckets: 's3:', s3Endpoint: s3.endpoint }
  test('in S3', t => everything(t, places, 'my-exports'))
} else testUnless(stderr.trim())
