/** ExclusiveStartKey: where a Query or Scan goes on (facts, section 4.3). */
import type { KeyRange } from '../../codec/range.ts'
import { DynamoError, validation } from '../../model/errors.ts'
import { getOwn, type Item } from '../../model/item.ts'
import { indexKeyProblem, validateItemKey } from '../../model/key.ts'
import { keyAttributes } from '../../model/schema.ts'
import { validateItem } from '../../model/value.ts'
import { keyNames, type Source, sourceKey } from './source.ts'

export const INVALID_START = 'The provided starting key is invalid'

/** Errors of values that are told as they are, without `INVALID_START`. */
const BARE =
  /Input collection|An number set|cannot be converted to a numeric value|magnitude|more than 38 significant digits/

/** Checks the values, and normalises the numbers in them. @throws ValidationException */
export function validateStartValues(key: Item): void {
  prefixed(() => validateItem(key))
}

/**
 * The encoded key after which to go on.
 * @param misfit the message, should the attributes not be those of the source's key
 * @throws ValidationException
 */
export function startKey(source: Source, key: Item, misfit: string): Buffer {
  if (!fits(source, key)) throw validation(misfit)
  prefixed(() => {
    validateItemKey(source.schema.key, key)
    const problem = source.index && indexKeyProblem(source.index, key, 'put')
    if (problem) throw problem
  })
  return sourceKey(source, key)
}

export function isInside(key: Buffer, range: KeyRange): boolean {
  return Buffer.compare(key, range.from) >= 0 && Buffer.compare(key, range.to) < 0
}

/** True if the key has just the attributes of the source's key and the table's, of the right types. */
function fits(source: Source, key: Item): boolean {
  const { schema, index } = source
  if (Object.keys(key).length !== keyNames(source).length) return false
  const attributes = index ? [...keyAttributes(schema.key), ...keyAttributes(index.key)] : keyAttributes(schema.key)
  return attributes.every(({ name, type }) => getOwn(key, name)?.[type] !== undefined)
}

function prefixed(check: () => void): void {
  try {
    check()
  } catch (error) {
    if (!(error instanceof DynamoError) || BARE.test(error.message)) throw error
    throw validation(`${INVALID_START}: ${error.message}`)
  }
}
