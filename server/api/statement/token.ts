/** NextToken: where a SELECT goes on. It is bound to the statement and its parameters. */
import { createHash } from 'node:crypto'
import { validation } from '../../model/errors.ts'
import type { AttributeValue } from '../../model/item.ts'

export type StatementInput = { Statement: string; Parameters?: AttributeValue[] }

const DIGEST_SIZE = 16

/** @param key the encoded key of the last row that was evaluated */
export function sealToken(input: StatementInput, key: Buffer): string {
  return Buffer.concat([digestOf(input), key]).toString('base64url')
}

/** The key that the token holds. @throws ValidationException if it is no token, or not for this statement */
export function openToken(input: StatementInput, token: string): Buffer {
  const bytes = Buffer.from(token, 'base64url')
  if (bytes.length <= DIGEST_SIZE || bytes.toString('base64url') !== token) throw invalidToken()
  if (!bytes.subarray(0, DIGEST_SIZE).equals(digestOf(input))) {
    throw validation('NextToken does not match request')
  }
  return bytes.subarray(DIGEST_SIZE)
}

export function invalidToken(): Error {
  return validation('Invalid NextToken')
}

/** Parameters are normalised, so that equal values have equal texts. */
function digestOf({ Statement, Parameters = [] }: StatementInput): Buffer {
  const text = JSON.stringify([Statement, Parameters])
  return createHash('sha256').update(text).digest().subarray(0, DIGEST_SIZE)
}
