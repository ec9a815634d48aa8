/** What makes an attribute value legal (facts, section 2.3). */
import { invalidParameter, validation } from './errors.ts'
import type { AttributeType, AttributeValue, Item } from './item.ts'
import { normalizeNumber, numberSize } from './number.ts'
import { base64Size, DOCUMENT_SIZE, ELEMENT_SIZE, sumSizes, utf8Size } from './size.ts'

/** Bytes of one item, names included. */
export const MAX_ITEM_SIZE = 409_600

/** Levels of nesting, an attribute's own value being the first. */
const MAX_DEPTH = 32
/** Bytes of an attribute's name. */
const MAX_NAME_SIZE = 65_535

/**
 * Checks all attributes of an item and normalises the numbers in them. Says nothing about the item's size limit or keys.
 * @returns the item's size in bytes, names included
 * @throws ValidationException for the first offending attribute
 */
export function validateItem(item: Item): number {
  let size = 0
  // Own members only: `for in` over parsed JSON meets no others.
  for (const name in item) size += validateName(name) + validateValue(item[name]!)
  return size
}

/**
 * Checks a value, whose members the caller knows to be of the right JSON types, and normalises the numbers in it.
 * @param depth the value's level of nesting, from 1
 * @returns the value's size in bytes
 * @throws ValidationException with the bare texts of section 2.3
 */
export function validateValue(value: AttributeValue, depth = 1): number {
  if (depth > MAX_DEPTH) {
    throw validation(
      'Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit',
    )
  }
  switch (soleType(value)) {
    case 'S':
      return utf8Size(value.S!)
    case 'N':
      return validateNumber(value)
    case 'B':
      return base64Size(value.B!)
    case 'BOOL':
      return 1
    case 'NULL':
      if (value.NULL !== true) throw invalidParameter('Null attribute value types must have the value of true')
      return 1
    case 'SS':
      return validateStringSet(value.SS!)
    case 'NS':
      return validateNumberSet(value.NS!)
    case 'BS':
      return validateBinarySet(value.BS!)
    case 'L':
      return validateList(value.L!, depth)
    case 'M':
      return validateMap(value.M!, depth)
  }
}

/** The type of a value that is not yet known to have exactly one. */
function soleType(value: AttributeValue): AttributeType {
  let type: string | undefined
  for (const member in value) {
    if (type !== undefined) {
      throw validation(
        'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes',
      )
    }
    type = member
  }
  if (type === undefined) {
    throw validation('Supplied AttributeValue is empty, must contain exactly one of the supported datatypes')
  }
  return type as AttributeType
}

/** @returns the name's size. The texts are ours: DynamoDB's are not known. */
function validateName(name: string): number {
  const size = utf8Size(name)
  if (size === 0) throw invalidParameter('An attribute name may not be empty')
  if (size > MAX_NAME_SIZE) throw invalidParameter(`An attribute name may not be longer than ${MAX_NAME_SIZE} bytes`)
  return size
}

function validateNumber(value: AttributeValue): number {
  const text = normalizeNumber(value.N!)
  value.N = text
  return numberSize(text)
}

function validateStringSet(members: string[]): number {
  if (members.length === 0) throw invalidParameter('An string set  may not be empty')
  if (hasDuplicates(members)) {
    throw invalidParameter(`Input collection [${members.join(', ')}] contains duplicates.`)
  }
  return sumSizes(members, utf8Size)
}

function validateNumberSet(members: string[]): number {
  if (members.length === 0) throw invalidParameter('An number set  may not be empty')
  for (let i = 0; i < members.length; i++) members[i] = normalizeNumber(members[i]!)
  if (hasDuplicates(members)) throw validation('Input collection contains duplicates')
  return sumSizes(members, numberSize)
}

function validateBinarySet(members: string[]): number {
  if (members.length === 0) throw invalidParameter('Binary sets should not be empty')
  // Base64 that passed the front door is canonical: equal bytes are equal texts.
  if (hasDuplicates(members)) {
    throw invalidParameter(`Input collection [${members.join(', ')}]of type BS contains duplicates.`)
  }
  return sumSizes(members, base64Size)
}

function validateList(list: AttributeValue[], depth: number): number {
  let size = DOCUMENT_SIZE
  for (const element of list) size += ELEMENT_SIZE + validateValue(element, depth + 1)
  return size
}

function validateMap(map: Item, depth: number): number {
  let size = DOCUMENT_SIZE
  for (const name in map) size += ELEMENT_SIZE + validateName(name) + validateValue(map[name]!, depth + 1)
  return size
}

function hasDuplicates(members: string[]): boolean {
  return members.length > 1 && new Set(members).size < members.length
}
