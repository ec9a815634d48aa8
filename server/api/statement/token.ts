/** NextToken: where a SELECT goes on. It is bound to the statement and its parameters. */
import { createHash } from 'node:crypto'
import { validation } from '../../model/errors.ts'
import type { AttributeValue } from '../../model/item.ts'

export type StatementInput = { Statement: string; Parameters?: AttributeValue[] }

/** The last row that was evaluated. */
export type Place = {
  /** Its encoded key. */
  key: Buffer
  /** How many bytes of that are the key of what was queried; in an index, the table's key follows. */
  stem: number
}

const DIGEST_SIZE = 16
const STEM_SIZE = 2

export function sealToken(input: StatementInput, { key, stem }: Place): string {
  const stemBytes = Buffer.alloc(STEM_SIZE)
  stemBytes.writeUInt16BE(stem)
  return Buffer.concat([digestOf(input), stemBytes, key]).toString('base64url')
}

/** @throws ValidationException if it is no token, or not for this statement */
export function openToken(input: StatementInput, token: string): Place {
  const bytes = Buffer.from(token, 'base64url')
  if (bytes.length <= DIGEST_SIZE + STEM_SIZE || bytes.toString('base64url') !== token) throw invalidToken()
  if (!bytes.subarray(0, DIGEST_SIZE).equals(digestOf(input))) {
    throw validation('NextToken does not match request')
  }
  return { stem: bytes.readUInt16BE(DIGEST_SIZE), key: bytes.subarray(DIGEST_SIZE + STEM_SIZE) }
}

export function invalidToken(): Error {
  return validation('Invalid NextToken')
}

/** Parameters are normalised, so that equal values have equal texts. */
function digestOf({ Statement, Parameters = [] }: StatementInput): Buffer {
  const text = JSON.stringify([Statement, Parameters])
  return createHash('sha256').update(text).digest().subarray(0, DIGEST_SIZE)
}
