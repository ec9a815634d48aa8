/** Primary keys and index keys of items (facts, section 2.5). The values in them have passed `validateValue`. */
import { type DynamoError, invalidParameter, validation } from './errors.ts'
import { type AttributeType, getOwn, type Item, setOwn, typeOf } from './item.ts'
import { type IndexSchema, type KeyAttribute, type KeySchema, keyAttributes } from './schema.ts'
import { sizeOf } from './size.ts'

/** Bytes of all hash attributes together, and of all range attributes. */
const MAX_HASH_SIZE = 2048
const MAX_RANGE_SIZE = 1024

const HASH_TOO_LONG = `Size of hashkey has exceeded the maximum size limit of${MAX_HASH_SIZE} bytes`
const RANGE_TOO_LONG = `Aggregated size of all range keys has exceeded the size limit of ${MAX_RANGE_SIZE} bytes`

/** What is wrong with the key attributes that an item has. */
type Flaw =
  | { kind: 'type'; attribute: KeyAttribute; actual: AttributeType }
  | { kind: 'empty'; attribute: KeyAttribute }
  | { kind: 'hashTooLong' }
  | { kind: 'rangeTooLong' }

/**
 * Checks a `Key` parameter: exactly the key attributes of the table, of the right types and sizes.
 * @throws ValidationException
 */
export function validateKeyItem(schema: KeySchema, key: Item): void {
  const flaw = flawOf(schema, key)
  const complete = hasAll(schema, key) && Object.keys(key).length === schema.hash.length + schema.range.length
  if (!complete || flaw?.kind === 'type') throw validation('The provided key element does not match the schema')
  if (flaw !== undefined) throw primaryKeyError(flaw)
}

/**
 * Checks the primary key inside an item to be put.
 * @throws ValidationException
 */
export function validateItemKey(schema: KeySchema, item: Item): void {
  for (const { name } of keyAttributes(schema)) {
    if (!Object.hasOwn(item, name)) throw invalidParameter(`Missing the key ${name} in the item`)
  }
  const flaw = flawOf(schema, item)
  if (flaw !== undefined) throw primaryKeyError(flaw)
}

/** The key attributes of an item that has them all. */
export function keyOf(schema: KeySchema, item: Item): Item {
  const key: Item = {}
  for (const { name } of schema.hash) setOwn(key, name, getOwn(item, name)!)
  for (const { name } of schema.range) setOwn(key, name, getOwn(item, name)!)
  return key
}

/**
 * Why an item may not be written because of an index: one of the index's key attributes is there but unfit.
 * An attribute that is not there only keeps the item out of the index.
 * @param origin where the item comes from: DynamoDB words its answer by it
 */
export function indexKeyProblem(index: IndexSchema, item: Item, origin: 'put' | 'update'): DynamoError | undefined {
  const flaw = flawOf(index.key, item)
  if (flaw === undefined) return undefined
  return origin === 'put' ? putIndexError(index, flaw) : updateIndexError(flaw)
}

/** True if the item has an entry in the index: every key attribute is there and fit. */
export function isIndexed(index: IndexSchema, item: Item): boolean {
  return hasAll(index.key, item) && flawOf(index.key, item) === undefined
}

function hasAll(schema: KeySchema, item: Item): boolean {
  for (const { name } of schema.hash) if (!Object.hasOwn(item, name)) return false
  for (const { name } of schema.range) if (!Object.hasOwn(item, name)) return false
  return true
}

/** The first flaw of the key attributes that are there: types before empty values before sizes. */
function flawOf(schema: KeySchema, item: Item): Flaw | undefined {
  let empty: KeyAttribute | undefined
  for (const attribute of keyAttributes(schema)) {
    const value = getOwn(item, attribute.name)
    if (value === undefined) continue
    const scalar = value[attribute.type]
    if (scalar === undefined) return { kind: 'type', attribute, actual: typeOf(value) }
    if (scalar === '') empty ??= attribute
  }
  if (empty !== undefined) return { kind: 'empty', attribute: empty }
  if (totalSize(schema.hash, item) > MAX_HASH_SIZE) return { kind: 'hashTooLong' }
  if (totalSize(schema.range, item) > MAX_RANGE_SIZE) return { kind: 'rangeTooLong' }
  return undefined
}

function totalSize(attributes: KeyAttribute[], item: Item): number {
  let size = 0
  for (const { name } of attributes) {
    const value = getOwn(item, name)
    if (value !== undefined) size += sizeOf(value)
  }
  return size
}

function primaryKeyError(flaw: Flaw): DynamoError {
  switch (flaw.kind) {
    case 'type': {
      const { name, type } = flaw.attribute
      return invalidParameter(`Type mismatch for key ${name} expected: ${type} actual: ${flaw.actual}`)
    }
    case 'empty':
      return notValid(`${emptyText(flaw.attribute)} Key: ${flaw.attribute.name}`)
    case 'hashTooLong':
      return invalidParameter(HASH_TOO_LONG)
    case 'rangeTooLong':
      return invalidParameter(RANGE_TOO_LONG)
  }
}

function putIndexError(index: IndexSchema, flaw: Flaw): DynamoError {
  switch (flaw.kind) {
    case 'type': {
      const { name, type } = flaw.attribute
      return invalidParameter(
        `Type mismatch for Index Key ${name} Expected: ${type} Actual: ${flaw.actual} IndexName: ${index.name}`,
      )
    }
    case 'empty':
      return notValid(
        `A value specified for a secondary index key is not supported. ${emptyText(flaw.attribute)} ` +
          `IndexName: ${index.name}, IndexKey: ${flaw.attribute.name}`,
      )
    case 'hashTooLong':
      return invalidParameter(HASH_TOO_LONG)
    case 'rangeTooLong':
      return invalidParameter(RANGE_TOO_LONG)
  }
}

function updateIndexError(flaw: Flaw): DynamoError {
  const attempt = 'The update expression attempted to update'
  switch (flaw.kind) {
    case 'type':
      return invalidParameter(`${attempt} the secondary index key to unsupported type`)
    case 'empty':
      return notValid(`${attempt} a secondary index key to a value that is not supported. ${emptyText(flaw.attribute)}`)
    case 'hashTooLong':
    case 'rangeTooLong':
      return invalidParameter(`${attempt} the secondary index key beyond allowed size limits`)
  }
}

function notValid(message: string): DynamoError {
  return validation(`One or more parameter values are not valid. ${message}`)
}

/** "binary" only ever follows B: numbers are never empty. */
function emptyText({ type }: KeyAttribute): string {
  const kind = type === 'B' ? 'binary' : 'string'
  return `The AttributeValue for a key attribute cannot contain an empty ${kind} value.`
}
