/** Amazon resource names of tables, their indexes and streams. */
import { service, validation } from '../../model/errors.ts'
import type { Call } from '../operation.ts'

type Place = Pick<Call, 'region' | 'account'>

export type Arn = {
  region: string
  account: string
  /** `table/T` and what follows. */
  resource: string
}

const TABLE_NAME = /^[a-zA-Z0-9_.-]{3,255}$/

export function tableArn(place: Place, table: string): string {
  return `arn:aws:dynamodb:${place.region}:${place.account}:table/${table}`
}

export function indexArn(place: Place, table: string, index: string): string {
  return `${tableArn(place, table)}/index/${index}`
}

export function streamArn(place: Place, table: string, label: string): string {
  return `${tableArn(place, table)}/stream/${label}`
}

/** The parts of a DynamoDB ARN; undefined for any other text. */
export function parseArn(text: string): Arn | undefined {
  const parts = text.split(':', 6)
  const [arn, partition, name, region, account] = parts
  if (parts.length < 6 || arn !== 'arn' || partition !== 'aws' || name !== 'dynamodb') return undefined
  return { region: region!, account: account!, resource: text.slice(parts.slice(0, 5).join(':').length + 1) }
}

/** `T` of `table/T`; undefined for indexes, streams, backups and everything else. */
export function tableOfResource(resource: string): string | undefined {
  if (!resource.startsWith('table/')) return undefined
  const name = resource.slice('table/'.length)
  return TABLE_NAME.test(name) ? name : undefined
}

/** Errors: AccessDeniedException for somebody else's resource. */
export function checkAccount(place: Place, arn: Arn): void {
  if (arn.account !== place.account) throw service('AccessDeniedException', 'Access is denied')
}

/**
 * The bare name, of a `TableName` member given as a name or as the table's ARN.
 * Errors: ValidationException for another region's ARN or one that is no table's; AccessDeniedException for another account's.
 */
export function tableName(call: Place, given: string): string {
  if (!given.startsWith('arn:')) return given
  const arn = parseArn(given)
  const name = arn && tableOfResource(arn.resource)
  if (!arn || name === undefined) throw validation(`Invalid TableArn: Invalid ResourceArn provided as input ${given}`)
  if (arn.region !== call.region) throw validation(`1 validation error detected: Invalid AWS region in '${given}'`)
  checkAccount(call, arn)
  return name
}
