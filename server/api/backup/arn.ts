/** Names of backups, exports and imports: a table's ARN, the kind, and an id that begins with the time. */
import { validation } from '../../model/errors.ts'
import type { Call } from '../operation.ts'
import { checkAccount, parseArn, tableArn } from '../table/arn.ts'

export type JobKind = 'backup' | 'export' | 'import'
type Place = Pick<Call, 'region' | 'account'>

const LABELS = { backup: 'Backup', export: 'Export', import: 'Import' }

/** `arn:aws:dynamodb:us-east-1:123456789012:table/T/backup/01700000000000-1a2b3c4d`. */
export function jobArn(place: Place, table: string, kind: JobKind, id: string): string {
  return `${tableArn(place, table)}/${kind}/${id}`
}

/** Errors: ValidationException for what is no such ARN; AccessDeniedException for another account's. */
export function parseJobArn(place: Place, kind: JobKind, text: string): { table: string; id: string } {
  const arn = parseArn(text)
  const parts = arn && /^table\/([a-zA-Z0-9_.-]{3,255})\/([a-z]+)\/(\d{13,14}-[0-9a-f]{8})$/.exec(arn.resource)
  if (!arn || !parts || parts[2] !== kind || arn.region !== place.region)
    throw validation(`Invalid ${LABELS[kind]} ARN`)
  checkAccount(place, arn)
  return { table: parts[1]!, id: parts[3]! }
}
