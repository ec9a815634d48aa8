/** Continuous backups as the API shows them (facts, section 9.2). */
import { dynamo } from '../../model/errors.ts'
import type { TableRecord } from '../../model/table.ts'
import type { Call } from '../operation.ts'
import { SECOND } from '../table/limits.ts'

/** ContinuousBackupsDescription. */
export async function describeContinuous(table: TableRecord, call: Call): Promise<object> {
  return {
    ContinuousBackupsStatus: table.status === 'CREATING' ? 'DISABLED' : 'ENABLED',
    PointInTimeRecoveryDescription: await describeRecovery(table, call),
  }
}

/** The times are there as soon as the archive has something to go back to. */
async function describeRecovery(table: TableRecord, call: Call): Promise<object> {
  if (!table.pointInTimeRecovery) return { PointInTimeRecoveryStatus: 'DISABLED' }
  const window = await call.backup.archives.window(table)
  // In whole seconds, both within the window, or the next second in a window that is shorter.
  const earliest = window && Math.ceil(window.earliest / SECOND)
  const latest = window && Math.max(earliest!, Math.floor(window.latest / SECOND))
  return {
    PointInTimeRecoveryStatus: 'ENABLED',
    RecoveryPeriodInDays: table.pointInTimeRecovery.days,
    EarliestRestorableDateTime: earliest,
    LatestRestorableDateTime: latest,
  }
}

/** Errors: PointInTimeRecoveryUnavailableException. */
export function checkRecovery(table: TableRecord): void {
  if (table.pointInTimeRecovery && table.status !== 'DELETING') return
  throw dynamo(
    'PointInTimeRecoveryUnavailableException',
    `Point in time recovery is not enabled for table '${table.name}'`,
  )
}

/** Errors: ContinuousBackupsUnavailableException for a table that is not there yet. */
export function checkBackable({ name, status }: TableRecord): void {
  if (status === 'CREATING') {
    throw dynamo(
      'ContinuousBackupsUnavailableException',
      `Backups are being enabled for the table: ${name}. Please retry later`,
    )
  }
  if (status === 'DELETING') throw dynamo('TableNotFoundException', `Table not found: ${name}`)
}
