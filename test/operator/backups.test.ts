/** Backups by resources, and Tables made from what there is: a backup, a point in time, an export. `npm run e2e` plays it. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DynamoDB } from '@aws-sdk/client-dynamodb'
import test from 'ava'
import type { KubeObject } from '../../operator/kube/objects.ts'
import type { Backup, ScheduledBackup } from '../../operator/resources/backup.ts'
import type { Table } from '../../operator/resources/table.ts'
import { type Kubernetes, startKubernetes } from '../kubernetes/kubernetes.ts'
import { onKubernetes } from '../kubernetes/onkubernetes.ts'
import { type Installation, install, NAMESPACE } from './installation.ts'
import { type RunningOperator, runOperator } from './running.ts'

const SHOP = 'shop'
const BUCKET = 'exports'
const PATIENCE_MS = 300_000
const POLL_MS = 300
const isWhole = process.env.TAVOLA_TEST_E2E === '1'

const KEYS = {
  attributeDefinitions: [{ attributeName: 'id', attributeType: 'S' }],
  keySchema: [{ attributeName: 'id', keyType: 'HASH' }],
}
const PLACE = { storage: { pool: 'small', size: '1Gi' }, deletionPolicy: 'Delete' }

if (isWhole)
  onKubernetes(() => {
    let kubernetes: Kubernetes
    let installation: Installation
    let operator: RunningOperator
    let db: DynamoDB
    /** Of the first backup. */
    let arn: string
    let written = 0

    test.before(async t => {
      t.timeout(PATIENCE_MS)
      kubernetes = await startKubernetes()
      installation = await install(kubernetes)
      operator = await runOperator(kubernetes, installation)
      const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
      db = new DynamoDB({ endpoint: installation.api, region: 'us-east-1', credentials, maxAttempts: 8 })
      await kubernetes.kubectl(['create', 'namespace', SHOP])
      const recovery = { continuousBackups: { pointInTimeRecoveryEnabled: true }, tableName: 'Orders' }
      await apply('Table', 'orders', { ...KEYS, ...PLACE, ...recovery, tags: [{ key: 'team', value: 'shop' }] })
      await ready('orders')
      await write(10)
    })

    test.after.always(async () => {
      db?.destroy()
      await operator?.close()
      await kubernetes?.stop()
    })

    const apply = (kind: string, name: string, spec: object) =>
      kubernetes.kubectl(
        ['apply', '-f', '-'],
        JSON.stringify({ apiVersion: 'tavola.dev/v1alpha1', kind, metadata: { name, namespace: SHOP }, spec }),
      )
    const get = <T extends KubeObject>(plural: string, name: string) =>
      kubernetes.client.get<T>(`/apis/tavola.dev/v1alpha1/namespaces/${SHOP}/${plural}/${name}`)
    const remove = (kind: string, name: string) =>
      kubernetes.kubectl(['delete', kind, name, '-n', SHOP, '--timeout=300s'])

    async function until<T>(what: string, look: () => Promise<T>, isSo: (seen: T) => boolean): Promise<T> {
      for (const end = performance.now() + PATIENCE_MS; ; await sleep(POLL_MS)) {
        const seen = await look()
        if (isSo(seen)) return seen
        if (performance.now() > end) throw new Error(`not ${what}: ${JSON.stringify(seen).slice(0, 3000)}`)
      }
    }

    const reason = ({ status }: Table | Backup) => status?.conditions?.find(({ type }) => type === 'Ready')?.reason
    const ready = (name: string) =>
      until(
        `${name} ready`,
        () => get<Table>('tables', name),
        table => reason(table) === 'AsWished' && table.status!.observedGeneration === table.metadata.generation,
      )
    const available = (name: string) =>
      until(
        `${name} there`,
        () => get<Backup>('backups', name),
        ({ status }) => status?.backupStatus === 'AVAILABLE',
      )

    async function write(count: number): Promise<void> {
      for (let i = 0; i < count; i++)
        await db.putItem({ TableName: 'Orders', Item: { id: { S: String(written++) }, n: { N: String(i) } } })
    }

    async function count(TableName: string): Promise<number> {
      return (await db.scan({ TableName, ConsistentRead: true, Select: 'COUNT' })).Count!
    }

    test.serial('a Backup is made once, and a Table from it has what was there then', async t => {
      t.timeout(PATIENCE_MS)
      await apply('Backup', 'first', { table: 'orders' })
      const { status } = await available('first')
      arn = status!.backupArn!
      await write(10)
      await apply('Table', 'copy', { ...PLACE, restoreFrom: { backup: { name: 'first' } } })
      const copy = await ready('copy')
      t.like(copy.status, { tableStatus: 'ACTIVE', partitions: 1 })
      t.is(await count('copy'), 10)
      const { BackupSummaries = [] } = await db.listBackups({ TableName: 'Orders' })
      t.is(BackupSummaries.length, 1)
    })

    test.serial('a Table from a point in time has what was there then, or at last', async t => {
      t.timeout(PATIENCE_MS)
      const then = Math.ceil(Date.now() / 1000) + 1
      const latest = async () =>
        (await db.describeContinuousBackups({ TableName: 'Orders' })).ContinuousBackupsDescription!
          .PointInTimeRecoveryDescription!.LatestRestorableDateTime
      await until('archived', latest, time => time !== undefined && time.getTime() >= then * 1000)
      const expected = written
      await write(5)
      const time = new Date(then * 1000).toISOString()
      await apply('Table', 'then', { ...PLACE, restoreFrom: { pointInTime: { tableName: 'Orders', time } } })
      await ready('then')
      t.is(await count('then'), expected)
      await apply('Table', 'last', { ...PLACE, restoreFrom: { pointInTime: { tableName: 'Orders' } } })
      await ready('last')
      t.true((await count('last')) >= expected)
    })

    test.serial('a Table from an export has what was exported', async t => {
      t.timeout(PATIENCE_MS)
      const [server] = await kubernetes.pods(NAMESPACE, 'app.kubernetes.io/component=server')
      // Folders are this server's buckets.
      const data = join(kubernetes.folder, 'pods', server!.metadata.uid, 'volumes/data')
      await mkdir(join(data, 'buckets', BUCKET), { recursive: true })
      const expected = written
      const { TableArn } = (await db.describeTable({ TableName: 'Orders' })).Table!
      const { ExportDescription } = await db.exportTableToPointInTime({ TableArn, S3Bucket: BUCKET })
      const { ExportArn } = ExportDescription!
      const described = () => db.describeExport({ ExportArn })
      const done = await until(
        'exported',
        described,
        ({ ExportDescription }) => ExportDescription!.ExportStatus !== 'IN_PROGRESS',
      )
      t.is(done.ExportDescription!.ExportStatus, 'COMPLETED')
      const prefix = `AWSDynamoDB/${ExportArn!.split('/').at(-1)}/data/`
      await apply('Table', 'imported', { ...KEYS, ...PLACE, restoreFrom: { export: { bucket: BUCKET, prefix } } })
      await ready('imported')
      t.is(await count('imported'), expected)
    })

    test.serial('a ScheduledBackup makes Backups when it is time, and keeps as many as it is to', async t => {
      t.timeout(PATIENCE_MS)
      await apply('ScheduledBackup', 'often', { table: 'orders', schedule: '* * * * *', retention: { count: 1 } })
      const look = () => get<ScheduledBackup>('scheduledbackups', 'often')
      const { status } = await until('begun', look, ({ status }) => status?.lastBackup !== undefined)
      const former = status!.lastBackup!
      await available(former)
      await until('gone on', look, ({ status }) => status!.lastBackup !== former)
      const names = async () => (await kubernetes.kubectl(['get', 'backups', '-n', SHOP, '-o', 'name'])).stdout
      await until('only the last one kept', names, text => !text.includes(former))
      const summaries = async () => (await db.listBackups({ TableName: 'Orders' })).BackupSummaries!
      await until('deleted for good', summaries, all => !all.some(({ BackupName }) => BackupName === former))
      t.true(
        (await summaries()).some(({ BackupArn }) => BackupArn === arn),
        'one that was not the schedule’s stays',
      )
      await remove('scheduledbackup', 'often')
    })

    test.serial('a backup outlives its resource and its table, and gives them back', async t => {
      t.timeout(PATIENCE_MS)
      await remove('backup', 'first')
      await remove('table', 'orders')
      const { TableNames } = await db.listTables({})
      t.false(TableNames!.includes('Orders'))
      await apply('Table', 'orders', { ...PLACE, tableName: 'Orders', restoreFrom: { backup: { arn } } })
      await ready('orders')
      t.is(await count('Orders'), 10)
    })

    test.serial('what can not be is said, and mended by what was missing', async t => {
      t.timeout(PATIENCE_MS)
      await apply('Table', 'early', { ...PLACE, restoreFrom: { backup: { name: 'late' } } })
      const why = (wanted: string) => (seen: Table | Backup) => reason(seen) === wanted
      await until('waiting', () => get<Table>('tables', 'early'), why('WaitingForBackup'))
      await apply('Backup', 'late', { table: 'nowhere' })
      await until('without a table', () => get<Backup>('backups', 'late'), why('NoTable'))
      await remove('backup', 'late')
      await apply('Backup', 'late', { table: 'orders', deletionPolicy: 'Delete' })
      await ready('early')
      t.is(await count('early'), 10)
      const wrong = 'arn:aws:dynamodb:us-east-1:123456789012:table/Orders/backup/01234567890123-01234567'
      await apply('Table', 'wrong', { ...PLACE, restoreFrom: { backup: { arn: wrong } } })
      const refused = await until('refused', () => get<Table>('tables', 'wrong'), why('CreateFailed'))
      t.regex(refused.status!.conditions!.find(({ type }) => type === 'Ready')!.message, /Backup not found/)
      await remove('table', 'wrong')
    })
  })
else test.skip('npm run e2e plays backups and restores', t => t.pass())
