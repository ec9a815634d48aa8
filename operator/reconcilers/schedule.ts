/** A ScheduledBackup: makes Backups when it is time, and deletes those that have outlived theirs. */
import { isDeepStrictEqual } from 'node:util'
import { isConflict } from '../kube/errors.ts'
import { BACKUPS, type Backup, SCHEDULED_BACKUPS, type ScheduledBackup } from '../resources/backup.ts'
import { API_VERSION, GROUP } from '../resources/table.ts'
import { type Finding, timeOf, withFindings } from '../specs/conditions.ts'
import { backupNameOf, type Due, dueOf, outlived } from '../specs/schedule.ts'
import type { Context } from './context.ts'

/** On a Backup: of which schedule it is. */
export const SCHEDULE_LABEL = `${GROUP}/schedule`

const LONGEST_REST_MS = 3_600_000

/** Answers when to look again, in milliseconds. Errors: KubeError. */
export async function reconcileSchedule(key: string, context: Context): Promise<number | undefined> {
  const schedule = context.caches.schedules.get(key)
  if (!schedule || schedule.metadata.deletionTimestamp !== undefined) return undefined
  const now = context.clock.now()
  const { lastScheduleTime = schedule.metadata.creationTimestamp! } = schedule.status ?? {}
  let due: Due
  try {
    due = dueOf(schedule, Date.parse(lastScheduleTime), now)
  } catch (error) {
    await write(schedule, {}, { status: false, reason: 'BadSchedule', message: (error as Error).message }, context)
    return undefined
  }
  const isDue = due.last !== undefined && !schedule.spec.suspend
  if (isDue) await make(schedule, due.last!, context)
  const backups = backupsOf(schedule, context)
  for (const backup of outlived(backups, schedule.spec.retention, now)) await context.client.delete(BACKUPS, backup)
  const times = {
    ...(due.last !== undefined && { lastScheduleTime: timeOf(due.last) }),
    nextScheduleTime: due.next === undefined ? undefined : timeOf(due.next),
    ...(isDue && { lastBackup: backupNameOf(schedule, due.last!) }),
    kept: backups.length,
  }
  const message = schedule.spec.suspend
    ? 'No backups are made while spec.suspend is true.'
    : 'Backups are made when it is time.'
  await write(
    schedule,
    times,
    { status: !schedule.spec.suspend, reason: schedule.spec.suspend ? 'Suspended' : 'Scheduled', message },
    context,
  )
  return due.next === undefined ? undefined : Math.min(LONGEST_REST_MS, Math.max(1000, due.next - now))
}

async function make(schedule: ScheduledBackup, time: number, { client, caches, record }: Context): Promise<void> {
  const { namespace, name } = schedule.metadata
  const backup = {
    apiVersion: API_VERSION,
    kind: 'Backup',
    metadata: { namespace, name: backupNameOf(schedule, time), labels: { [SCHEDULE_LABEL]: name } },
    spec: { table: schedule.spec.table, deletionPolicy: 'Delete' as const },
  }
  try {
    caches.backups.put(await client.create<Backup>(BACKUPS, backup))
    record(schedule, 'Normal', 'BackupMade', `It is time: the Backup ${backup.metadata.name} was made.`)
  } catch (error) {
    if (!isConflict(error)) throw error
  }
}

function backupsOf({ metadata }: ScheduledBackup, { caches }: Context): Backup[] {
  return caches.backups
    .list()
    .filter(
      backup =>
        backup.metadata.namespace === metadata.namespace && backup.metadata.labels?.[SCHEDULE_LABEL] === metadata.name,
    )
}

async function write(schedule: ScheduledBackup, found: object, ready: Finding, { client, caches, clock }: Context) {
  const { namespace, name, uid, generation = 0 } = schedule.metadata
  const conditions = withFindings(schedule.status?.conditions ?? [], { Ready: ready }, generation, clock.now())
  const { lastScheduleTime, lastBackup, kept } = schedule.status ?? {}
  const whole = { lastScheduleTime, lastBackup, kept, ...found, observedGeneration: generation, conditions }
  const status = JSON.parse(JSON.stringify(whole))
  if (isDeepStrictEqual(status, schedule.status)) return
  const metadata = { namespace, name, uid }
  const manifest = { apiVersion: API_VERSION, kind: 'ScheduledBackup', metadata, status }
  caches.schedules.put(await client.applyStatus(SCHEDULED_BACKUPS, manifest as never))
}
