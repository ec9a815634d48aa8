/**
 * JSON types of attribute values and items. The hot path of every write, hence by hand and not by shape. Whether the
 * values make sense (numbers, sets, emptiness, nesting) is for `model/value.ts`.
 */
import { type DynamoError, validation } from '../../model/errors.ts'
import { setOwn } from '../../model/item.ts'
import { checkBase64 } from './base64.ts'
import { booleanOf, type JsonObject, refusedScalar, serialization, unrecognized } from './scalar.ts'

const STRUCTURE = 'class com.amazonaws.dynamodb.v20120810.AttributeValue'
const MAP = 'java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>'

/** Far beyond the 32 levels that validation allows, and far from the end of the stack. */
const MAX_DEPTH = 100

export function tooDeep(): DynamoError {
  return validation(
    'Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit',
  )
}

/** Checks a map of attribute values, in place. A null among them becomes the empty value, which validation refuses. */
export function convertItem(item: unknown, depth = 1): void {
  if (typeof item !== 'object') throw serialization('Unexpected field type')
  if (Array.isArray(item)) throw unrecognized(MAP)
  const values = item as JsonObject
  for (const name in values) {
    const value = values[name]
    if (value === null) setOwn(values, name, {})
    else convertElement(value, depth)
  }
}

/** Checks one attribute value that is a structure's member, in place. */
export function convertAttributeValue(value: unknown): void {
  if (typeof value !== 'object') throw serialization('Unexpected field type')
  convertElement(value, 1)
}

/** A value inside a map or list. */
function convertElement(value: unknown, depth: number): void {
  if (typeof value !== 'object') throw serialization('Unexpected value type in payload')
  if (Array.isArray(value)) throw unrecognized(STRUCTURE)
  if (depth > MAX_DEPTH) throw tooDeep()
  const members = value as JsonObject
  for (const type in members) {
    const member = members[type]
    if (member === null) delete members[type]
    else convertMember(members, type, member, depth)
  }
}

function convertMember(members: JsonObject, type: string, member: unknown, depth: number): void {
  switch (type) {
    case 'S':
    case 'N':
      if (typeof member !== 'string') throw refusedScalar(member, 'String')
      break
    case 'B':
      convertBlob(member)
      break
    case 'BOOL':
    case 'NULL':
      members[type] = booleanOf(member)
      break
    case 'M':
      convertItem(member, depth + 1)
      break
    case 'L':
      convertList(member, depth + 1)
      break
    case 'SS':
    case 'NS':
    case 'BS':
      convertSet(type, member)
      break
    default:
      delete members[type]
  }
}

function convertList(list: unknown, depth: number): void {
  const values = arrayOf(list)
  for (let i = 0; i < values.length; i++) {
    if (values[i] === null) values[i] = {}
    else convertElement(values[i], depth)
  }
}

function convertSet(type: 'SS' | 'NS' | 'BS', set: unknown): void {
  for (const element of arrayOf(set)) {
    if (element === null) throw validation(NULL_IN_SET[type])
    if (type === 'BS') convertBlob(element)
    else if (typeof element !== 'string') throw refusedScalar(element, 'String')
  }
}

export function convertBlob(value: unknown): void {
  if (Array.isArray(value)) throw unrecognized('class java.nio.ByteBuffer')
  if (typeof value === 'object') throw refusedScalar(value, 'String')
  if (typeof value !== 'string') throw serialization('only base-64-encoded strings are convertible to bytes')
  checkBase64(value)
}

function arrayOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  if (typeof value === 'object') throw serialization('Start of structure or map found where not expected')
  throw serialization('Unexpected field type')
}

const NULL_IN_SET = {
  SS: 'One or more parameter values were invalid: An string set  may not have a null string as a member',
  NS: 'One or more parameter values were invalid: An number set  may not have a null string as a member',
  BS: 'One or more parameter values were invalid: Binary sets may not contain null values',
}
