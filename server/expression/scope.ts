/** The names and values of one request, and which of them its expressions have used. */
import { DynamoError, validation } from '../model/errors.ts'
import { type AttributeValue, getOwn } from '../model/item.ts'
import { utf8Size } from '../model/size.ts'
import { validateValue } from '../model/value.ts'
import type { Path } from './bound.ts'
import { type Label, refusal } from './draft.ts'
import type { Parsed, PathSyntax, ValueSyntax } from './syntax.ts'

type Names = Record<string, string>
type Values = Record<string, AttributeValue>

/** `count`: of names and values together. */
export type Scope = { names: Names; values: Values; count: number; used: Set<string> }

const NAME_KEY = /^#\w{1,254}$/
const VALUE_KEY = /^:\w{1,254}$/
const MAX_NAME_BYTES = 65_535
/** Of all names, values and placeholders together. */
const MAX_BYTES = 2 * 1024 * 1024

/** Checks both maps and normalises the values' numbers. */
export function openScope(names: Names | undefined, values: Values | undefined): Scope {
  const size = (names === undefined ? 0 : checkNames(names)) + (values === undefined ? 0 : checkValues(values))
  if (size > MAX_BYTES) {
    throw validation('ExpressionAttributeNames and ExpressionAttributeValues exceed the maximum size of 2 MB')
  }
  const count = Object.keys(names ?? {}).length + Object.keys(values ?? {}).length
  return { names: names ?? {}, values: values ?? {}, count, used: new Set() }
}

/** @returns bytes of placeholders and names */
function checkNames(names: Names): number {
  const keys = Object.keys(names)
  checkKeys('ExpressionAttributeNames', keys, NAME_KEY)
  let size = 0
  for (const key of keys) {
    const bytes = utf8Size(names[key]!)
    if (bytes === 0) throw invalidName('Empty attribute name', key)
    if (bytes > MAX_NAME_BYTES) throw invalidName('Attribute name is too large, must be less than 65536 bytes', key)
    size += key.length + bytes
  }
  return size
}

function invalidName(text: string, key: string): DynamoError {
  return validation(`ExpressionAttributeNames contains invalid value: ${text} for key ${key}`)
}

/** @returns bytes of placeholders and values */
function checkValues(values: Values): number {
  const keys = Object.keys(values)
  checkKeys('ExpressionAttributeValues', keys, VALUE_KEY)
  let size = 0
  for (const key of keys) size += key.length + checkValue(key, values[key]!)
  return size
}

function checkKeys(map: string, keys: string[], pattern: RegExp): void {
  if (keys.length === 0) throw validation(`${map} must not be empty`)
  for (const key of keys) {
    if (!pattern.test(key)) throw validation(`${map} contains invalid key: Syntax error; key: "${key}"`)
  }
}

/** Complaints that DynamoDB prints without saying where the value is. */
const BARE = ['Nesting Levels have exceeded', 'One or more parameter values were invalid: Null attribute value']

function checkValue(key: string, value: AttributeValue): number {
  try {
    return validateValue(value)
  } catch (error) {
    if (!(error instanceof DynamoError)) throw error
    const { message } = error
    if (BARE.some(start => message.startsWith(start))) throw error
    throw validation(`ExpressionAttributeValues contains invalid value: ${message} for key ${key}`)
  }
}

/** Refuses what the expression refers to and the request does not define, and marks the rest as used. */
export function checkReferences(scope: Scope, label: Label | undefined, { references }: Parsed<unknown>): void {
  for (const reference of references) checkReference(scope, label, reference)
}

/** As `checkReferences`, but all names come before all values. */
export function checkReferencesNamesFirst(
  scope: Scope,
  label: Label | undefined,
  { references }: Parsed<unknown>,
): void {
  for (const reference of references) if (reference.startsWith('#')) checkReference(scope, label, reference)
  for (const reference of references) if (reference.startsWith(':')) checkReference(scope, label, reference)
}

function checkReference(scope: Scope, label: Label | undefined, reference: string): void {
  const isName = reference.startsWith('#')
  if (!Object.hasOwn(isName ? scope.names : scope.values, reference)) {
    const what = isName ? 'name used in the document path' : 'value used in expression'
    throw refusal(
      label,
      `An expression attribute ${what} is not defined; attribute ${isName ? 'name' : 'value'}: ${reference}`,
    )
  }
  scope.used.add(reference)
}

/** Refuses names and values that no expression has used. */
export function checkUnused(scope: Scope): void {
  const { names, values, count, used } = scope
  if (used.size === count) return
  for (const [map, keys] of [
    ['ExpressionAttributeNames', Object.keys(names)],
    ['ExpressionAttributeValues', Object.keys(values)],
  ] as const) {
    const unused = keys.filter(key => !used.has(key))
    if (unused.length === 0) continue
    throw validation(`Value provided in ${map} unused in expressions: keys: {${unused.join(', ')}}`)
  }
}

/** The path with its `#names` resolved; its references are checked. */
export function resolvePath(scope: Scope, path: PathSyntax): Path {
  if (path.literal) return path.elements
  return path.elements.map(element =>
    typeof element === 'string' && element.startsWith('#') ? scope.names[element]! : element,
  )
}

/** The constant behind a `:value`; its reference is checked. */
export function resolveValue(scope: Scope, value: ValueSyntax): AttributeValue {
  return getOwn(scope.values, value.name)!
}
