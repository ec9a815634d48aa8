/** First stage of decoding: JSON types. Everything happens in place; nothing is copied. */
import { convertAttributeValue, convertBlob, convertItem } from './attribute-value.ts'
import { booleanOf, type JsonObject, numberOf, refusedScalar, serialization, unrecognized } from './scalar.ts'
import type { ListShape, MapShape, Shape, Structure } from './shape.ts'

export type { JsonObject } from './scalar.ts'

/** What a JSON parser in Java says of an array or object in place of a generic collection. */
const NOT_A_CLASS =
  'class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot be cast to class java.lang.Class ' +
  "(sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl and java.lang.Class are in module java.base of loader 'bootstrap')"

/** Removes null and unknown members, so that what remains is no deeper than the shape. */
export function convertStructure(shape: Structure, object: JsonObject): void {
  for (const name in object) {
    const member = shape.byName.get(name)
    const value = object[name]
    if (member === undefined || value === null) delete object[name]
    else object[name] = convert(member.shape, value, false)
  }
}

/** `element`: inside a list or map, where the texts differ. */
function convert(shape: Shape, value: unknown, element: boolean): unknown {
  switch (shape.kind) {
    case 'string':
    case 'enumeration':
      if (typeof value !== 'string') throw refusedScalar(value, 'String')
      return value
    case 'boolean':
      return booleanOf(value)
    case 'number':
      return numberOf(value, shape.java)
    case 'blob':
      convertBlob(value)
      return value
    default:
      requireContainer(shape, value, element)
      convertContainer(shape, value)
      return value
  }
}

type Container = Exclude<Shape, { kind: 'string' | 'enumeration' | 'boolean' | 'number' | 'blob' }>

function requireContainer(shape: Container, value: unknown, element: boolean): asserts value is object {
  if (typeof value !== 'object')
    throw serialization(element ? 'Unexpected value type in payload' : 'Unexpected field type')
  const isList = shape.kind === 'list'
  if (Array.isArray(value) === isList) return
  if (element && isGeneric(shape)) throw serialization(NOT_A_CLASS)
  if (isList) throw serialization('Start of structure or map found where not expected')
  throw unrecognized(isGeneric(shape) ? javaType(shape) : `class ${javaType(shape)}`)
}

function convertContainer(shape: Container, value: object): void {
  if (shape.kind === 'item') convertItem(value)
  else if (shape.kind === 'attributeValue') convertAttributeValue(value)
  else if (shape.kind === 'structure') convertStructure(shape, value as JsonObject)
  else if (shape.kind === 'list') convertList(shape, value as unknown[])
  else convertMap(shape, value as JsonObject)
}

/** A null element of attribute values is the empty value; any other stays, as a violation for the second stage. */
function convertList(shape: ListShape, list: unknown[]): void {
  for (let i = 0; i < list.length; i++) {
    const value = list[i]
    if (value !== null) list[i] = convert(shape.of, value, true)
    else if (shape.of.kind === 'attributeValue') list[i] = {}
  }
}

function convertMap(shape: MapShape, map: JsonObject): void {
  for (const key in map) {
    const value = map[key]
    if (value === null) delete map[key]
    else {
      const converted = convert(shape.of, value, true)
      if (converted !== value) map[key] = converted
    }
  }
}

function isGeneric(shape: Shape): boolean {
  return shape.kind === 'list' || shape.kind === 'map' || shape.kind === 'item'
}

/** The type as Java prints it. */
function javaType(shape: Shape): string {
  switch (shape.kind) {
    case 'structure':
      return `com.amazonaws.dynamodb.v20120810.${shape.name}`
    case 'attributeValue':
      return 'com.amazonaws.dynamodb.v20120810.AttributeValue'
    case 'item':
      return 'java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>'
    case 'list':
      return `java.util.List<${javaType(shape.of)}>`
    case 'map':
      return `java.util.Map<java.lang.String, ${javaType(shape.of)}>`
    case 'boolean':
      return 'java.lang.Boolean'
    case 'number':
      return shape.java === 'Date' ? 'java.util.Date' : `java.lang.${shape.java}`
    case 'blob':
      return 'java.nio.ByteBuffer'
    default:
      return 'java.lang.String'
  }
}
