/** When scheduled backups are due, and which of them have outlived their time. Pure: time is passed in. */
import { Cron } from 'croner'
import type { Backup, ScheduledBackup } from '../resources/backup.ts'

const DAY_MS = 86_400_000

export type Due = {
  /** The last time that has come since `since`, epoch milliseconds; undefined if none has. Earlier ones that were missed are let go. */
  last: number | undefined
  next: number | undefined
}

/** Errors: Error, if it is no schedule, or no time zone. */
export function dueOf({ spec }: ScheduledBackup, since: number, now: number): Due {
  const cron = new Cron(spec.schedule, { timezone: spec.timeZone, mode: '5-part', paused: true })
  const next = cron.nextRun(new Date(now))?.getTime()
  // To the second, as it counts, and then exactly.
  const runs = cron.previousRuns(2, new Date(now + 1000)).map(time => time.getTime())
  const last = runs.find(time => time <= now)
  return { last: last !== undefined && last > since ? last : undefined, next }
}

/** The same time makes the same name, whoever asks. */
export function backupNameOf({ metadata }: ScheduledBackup, time: number): string {
  return `${metadata.name}-${new Date(time).toISOString().slice(0, 16).replaceAll(/[-:]/g, '').toLowerCase()}`
}

/** Those that are to be deleted. The last good one stays in any case. */
export function outlived(backups: Backup[], retention: ScheduledBackup['spec']['retention'], now: number): Backup[] {
  if (!retention) return []
  const { count = Number.POSITIVE_INFINITY, days = Number.POSITIVE_INFINITY } = retention
  const newest = backups
    .filter(({ metadata }) => !metadata.deletionTimestamp)
    .sort((a, b) => createdAt(b) - createdAt(a))
  const lastGood = newest.find(({ status }) => status?.backupStatus === 'AVAILABLE')
  const good = newest.filter(({ status }) => status?.backupStatus === 'AVAILABLE')
  const old = newest.filter(backup => now - createdAt(backup) > days * DAY_MS)
  return [...new Set([...good.slice(count), ...old])].filter(backup => backup !== lastGood)
}

function createdAt({ metadata }: Backup): number {
  return Date.parse(metadata.creationTimestamp ?? '') || 0
}
