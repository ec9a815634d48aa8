/** A Backup: made once, watched until it is there, and deleted with its resource if that says so. */
import { isDeepStrictEqual } from 'node:util'
import { type Answer, ApiError, isBusy, isMissing, isSenseless } from '../dataplane/api.ts'
import { BACKUPS, type Backup, type BackupStatus } from '../resources/backup.ts'
import { API_VERSION, tableNameOf } from '../resources/table.ts'
import { type Finding, timeOf, withFindings } from '../specs/conditions.ts'
import type { Context } from './context.ts'
import { hold, isHeld, release } from './finalizer.ts'

const AGAIN_MS = 2000
const LATER_MS = 30_000

type Seen = { status: BackupStatus; ready: Finding; againMs?: number }

/** Answers when to look again, in milliseconds. Errors: KubeError; ApiError. */
export async function reconcileBackup(key: string, context: Context): Promise<number | undefined> {
  const backup = context.caches.backups.get(key)
  if (!backup) return undefined
  if (backup.metadata.deletionTimestamp !== undefined) return letGo(backup, context)
  const held = await hold(BACKUPS, backup, context.caches.backups, context.client)
  const { status, ready, againMs } = await look(held, context)
  await write(held, status, ready, context)
  return againMs
}

async function look(backup: Backup, context: Context): Promise<Seen> {
  const { status = {} } = backup
  if (status.backupStatus === 'AVAILABLE')
    return { status, ready: { status: true, reason: 'Available', message: 'The backup is there.' } }
  try {
    if (status.backupArn !== undefined) return seen(status, await describe(status.backupArn, context))
    return await make(backup, status, context)
  } catch (error) {
    if (isBusy(error)) return waiting(status, 'Waiting', (error as Error).message, AGAIN_MS)
    if (isMissing(error) || isSenseless(error))
      return waiting({ ...status, backupStatus: 'FAILED' }, 'Failed', (error as Error).message, LATER_MS)
    if (error instanceof ApiError) return waiting(status, 'NoAnswer', error.message, LATER_MS)
    throw error
  }
}

async function make(backup: Backup, status: BackupStatus, { caches, api, records, record }: Context): Promise<Seen> {
  const { namespace, name, creationTimestamp = '' } = backup.metadata
  const table = caches.tables.get(`${namespace}/${backup.spec.table}`)
  if (!table) return waiting(status, 'NoTable', `There is no Table ${backup.spec.table} in ${namespace}.`, LATER_MS)
  const TableName = tableNameOf(table)
  if (records.table(TableName)?.status !== 'ACTIVE')
    return waiting(status, 'Waiting', `The table ${TableName} is not ready.`, AGAIN_MS)
  const BackupName = backup.spec.backupName ?? backupName(name)
  // One that was made before a crash is not made again.
  const since = Date.parse(creationTimestamp) / 1000
  const { BackupSummaries = [] } = await api.call('ListBackups', { TableName, TimeRangeLowerBound: since })
  const earlier = BackupSummaries.find((summary: Answer) => summary.BackupName === BackupName)
  if (earlier) return seen(status, await describe(earlier.BackupArn, { api }))
  const { BackupDetails } = await api.call('CreateBackup', { TableName, BackupName })
  record(backup, 'Normal', 'Created', `A backup of ${TableName} is being made: ${BackupDetails.BackupArn}.`)
  return seen(status, { BackupDetails })
}

async function describe(arn: string, { api }: Pick<Context, 'api'>): Promise<Answer> {
  return (await api.call('DescribeBackup', { BackupArn: arn })).BackupDescription
}

function seen(before: BackupStatus, { BackupDetails: details, SourceTableDetails: source }: Answer): Seen {
  const status: BackupStatus = {
    ...before,
    backupStatus: details.BackupStatus,
    backupArn: details.BackupArn,
    backupSizeBytes: details.BackupSizeBytes,
    backupCreationDateTime: timeOf(details.BackupCreationDateTime * 1000),
    ...(source && { tableArn: source.TableArn, tableId: source.TableId }),
  }
  if (details.BackupStatus === 'AVAILABLE')
    return { status, ready: { status: true, reason: 'Available', message: 'The backup is there.' } }
  return waiting(status, 'Creating', 'The backup is being made.', AGAIN_MS)
}

function waiting(status: BackupStatus, reason: string, message: string, againMs: number): Seen {
  const backupStatus = status.backupStatus ?? 'PENDING'
  return { status: { ...status, backupStatus }, ready: { status: false, reason, message }, againMs }
}

async function letGo(backup: Backup, context: Context): Promise<number | undefined> {
  const { client, api } = context
  if (!isHeld(backup)) return undefined
  const arn = backup.status?.backupArn
  if (arn !== undefined && backup.spec.deletionPolicy === 'Delete') {
    try {
      await api.call('DeleteBackup', { BackupArn: arn })
    } catch (error) {
      if (isBusy(error)) return AGAIN_MS
      if (!isMissing(error)) throw error
    }
  }
  await release(BACKUPS, backup, client)
  return undefined
}

async function write(backup: Backup, found: BackupStatus, ready: Finding, { client, caches, clock }: Context) {
  const { namespace, name, uid, generation = 0 } = backup.metadata
  const conditions = withFindings(backup.status?.conditions ?? [], { Ready: ready }, generation, clock.now())
  const status = JSON.parse(JSON.stringify({ ...found, observedGeneration: generation, conditions }))
  if (isDeepStrictEqual(status, backup.status)) return
  const metadata = { namespace, name, uid }
  caches.backups.put(
    await client.applyStatus(BACKUPS, { apiVersion: API_VERSION, kind: 'Backup', metadata, status } as never),
  )
}

/** Names of backups may be as long as those of resources, but not as short. */
function backupName(name: string): string {
  return name.padEnd(3, '-')
}
