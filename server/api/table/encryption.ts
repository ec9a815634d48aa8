/** Server-side encryption: which key a table says it is encrypted with (facts, section 7.4). */
import { createHash } from 'node:crypto'
import { invalidParameter } from '../../model/errors.ts'
import type { TableRecord } from '../../model/table.ts'
import type { Call } from '../operation.ts'
import type { EncryptionRequest } from './request.ts'

const DEFAULT_ALIAS = 'alias/aws/dynamodb'

/** What the request asks for; undefined for the service's own key. Errors: ValidationException. */
export function defineEncryption(
  requested: EncryptionRequest | undefined,
  place: Pick<Call, 'region' | 'account'>,
): TableRecord['sse'] {
  const { Enabled: enabled, SSEType: type, KMSMasterKeyId: key } = requested ?? {}
  if (!enabled && type !== undefined) throw invalidParameter('SSEType can not be specified if Enabled is false')
  if (!enabled && key !== undefined) {
    throw invalidParameter('KMSMasterKeyId can not be specified if Enabled is false')
  }
  if (type === 'AES256') throw invalidParameter('SSEType AES256 is not supported')
  if (key !== undefined && type === undefined) {
    throw invalidParameter('SSEType KMS is required if KMSMasterKeyId is specified')
  }
  return enabled ? { type: 'KMS', keyArn: keyArn(key ?? DEFAULT_ALIAS, place) } : undefined
}

/** The ARN of a key given by ARN, by id or by alias. There is no KMS to ask: an alias always means the same made-up key. */
function keyArn(key: string, place: Pick<Call, 'region' | 'account'>): string {
  const arn = key.startsWith('arn:') ? key : `arn:aws:kms:${place.region}:${place.account}:${resource(key)}`
  const alias = arn.indexOf(':alias/')
  if (alias === -1) return arn
  const hex = createHash('sha256').update(arn).digest('hex')
  return `${arn.slice(0, alias)}:key/${[8, 12, 16, 20, 32].map((end, i) => hex.slice([0, 8, 12, 16, 20][i], end)).join('-')}`
}

function resource(key: string): string {
  return key.startsWith('alias/') ? key : `key/${key}`
}
