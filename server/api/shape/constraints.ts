/** Second stage of decoding: the model's limits, and the words for their violations (facts, section 1.6). */
import { validation } from '../../model/errors.ts'
import { decodedLength } from './base64.ts'
import { dump } from './dump.ts'
import type { JsonObject } from './scalar.ts'
import type { EnumerationShape, Limits, Member, Pattern, Shape, StringShape, Structure } from './shape.ts'

/** `Value ... at ... failed to satisfy constraint: ...`, at most `MAX_LISTED` of them. */
export type Violations = string[]

const MAX_LISTED = 10
const ARN: StringShape = { kind: 'string', min: 1, max: 1024 }
const ATTRIBUTE_NAME: StringShape = { kind: 'string', max: 65_535 }

/** Adds the violations of a structure's members. `prefix` is empty, or the structure's path and a dot. */
export function checkMembers(shape: Structure, object: JsonObject, prefix: string, violations: Violations): void {
  if (shape.alone !== undefined && object[shape.alone.name] !== undefined) {
    checkMember(shape.alone, object, prefix, violations)
    if (violations.length > 0) return
  }
  for (const member of shape.members) {
    if (violations.length >= MAX_LISTED) return
    checkMember(member, object, prefix, violations)
  }
}

function checkMember(member: Member, object: JsonObject, prefix: string, violations: Violations): void {
  const value = object[member.name]
  if (value !== undefined) check(member.shape, value, prefix + member.camel, violations, member.name)
  else if (member.missing !== undefined) throw validation(member.missing)
  else if (member.required) violations.push(missing(prefix + member.camel))
}

/** `name`: the member's name on the wire, for the limits that are reported by it. */
function check(shape: Shape, value: unknown, path: string, violations: Violations, name: string): void {
  switch (shape.kind) {
    case 'string':
      checkString(shape, value as string, path, violations)
      break
    case 'enumeration':
      checkEnumeration(shape, value as string, path, violations)
      break
    case 'number':
      report(shape, value, shape.terse ? name : path, limit(shape, 'value', value as number), violations)
      break
    case 'blob':
      report(shape, value, path, limit(shape, 'length', decodedLength(value as string)), violations)
      break
    case 'structure':
      checkMembers(shape, value as JsonObject, `${path}.`, violations)
      break
    case 'list':
      report(shape, value, path, limit(shape, 'length', (value as unknown[]).length), violations)
      checkElements(shape, value as unknown[], path, violations)
      break
    case 'map':
      checkCount(shape, value as JsonObject, path, violations)
      checkEntries(shape, value as JsonObject, path, violations)
      break
    case 'item':
      checkKeys(ATTRIBUTE_NAME, shape, value as JsonObject, path, violations)
  }
}

function checkString(shape: StringShape, value: string, path: string, violations: Violations): void {
  const { min, max, pattern } = limitsFor(shape, value)
  if (pattern !== undefined && mismatches(pattern, value))
    report(shape, value, path, patternConstraint(pattern), violations)
  report(shape, value, path, limit({ min, max }, 'length', value.length), violations)
}

function checkEnumeration(shape: EnumerationShape, value: string, path: string, violations: Violations): void {
  if (shape.values.includes(value)) return
  if (shape.otherwise !== undefined) throw validation(shape.otherwise)
  report(shape, value, path, enumConstraint(shape.values), violations)
}

/** ARNs have limits of their own where a name or an ARN will do. */
function limitsFor(shape: StringShape, value: string): StringShape {
  return shape.orArn && value.startsWith('arn:') ? ARN : shape
}

/** An empty text is a matter of its length alone. */
function mismatches(pattern: Pattern, value: string): boolean {
  return value !== '' && !pattern.expression.test(value)
}

function checkElements(shape: Shape & { kind: 'list' }, list: unknown[], path: string, violations: Violations): void {
  if (shape.of.kind === 'attributeValue') return
  if (list.some(value => value !== null && breaksOwnLimits(shape.of, value)))
    report(shape, list, path, `Member must satisfy constraint: [${limitsOf(shape.of).join(', ')}]`, violations)
  for (let i = 0; i < list.length && violations.length < MAX_LISTED; i++) {
    const value = list[i]
    if (value === null) violations.push(missing(`${path}.${i + 1}.member`))
    else checkInside(shape.of, value, path, i + 1, violations)
  }
}

function checkCount(shape: Shape & { kind: 'map' }, map: JsonObject, path: string, violations: Violations): void {
  if (shape.min === undefined && shape.max === undefined) return
  report(shape, map, path, limit(shape, 'length', Object.keys(map).length), violations)
}

function checkEntries(shape: Shape & { kind: 'map' }, map: JsonObject, path: string, violations: Violations): void {
  if (shape.keys !== undefined) checkKeys(shape.keys, shape, map, path, violations)
  if (someValue(map, value => breaksOwnLimits(shape.of, value)))
    report(shape, map, path, `Map value must satisfy constraint: [${limitsOf(shape.of).join(', ')}]`, violations)
  if (!isContainer(shape.of)) return
  for (const key in map) {
    if (violations.length >= MAX_LISTED) return
    checkInside(shape.of, map[key], path, key, violations)
  }
}

/** Of a map with a million members, `Object.values` alone would take a second. */
function someValue(map: JsonObject, test: (value: unknown) => boolean): boolean {
  for (const key in map) if (test(map[key])) return true
  return false
}

function isContainer({ kind }: Shape): boolean {
  return kind === 'structure' || kind === 'list' || kind === 'map' || kind === 'item'
}

function checkKeys(limits: StringShape, shape: Shape, map: JsonObject, path: string, violations: Violations): void {
  for (const key in map) {
    if (!breaksOwnLimits(limits, key)) continue
    report(shape, map, path, `Map keys must satisfy constraint: [${limitsOf(limits).join(', ')}]`, violations)
    return
  }
}

/** The members of an element. Its own limits have been reported with the collection. */
function checkInside(shape: Shape, value: unknown, path: string, at: string | number, violations: Violations): void {
  const inside = `${path}.${at}.member`
  if (shape.kind === 'structure') checkMembers(shape, value as JsonObject, `${inside}.`, violations)
  else if (shape.kind === 'list') checkElements(shape, value as unknown[], inside, violations)
  else if (shape.kind === 'map') checkEntries(shape, value as JsonObject, inside, violations)
  else if (shape.kind === 'item') checkKeys(ATTRIBUTE_NAME, shape, value as JsonObject, inside, violations)
}

/** Whether an element or key violates what `limitsOf` lists for its shape. */
function breaksOwnLimits(shape: Shape, value: unknown): boolean {
  if (shape.kind === 'enumeration') return !shape.values.includes(value as string)
  if (shape.kind === 'number') return limit(shape, 'value', value as number) !== undefined
  if (shape.kind === 'list') return limit(shape, 'length', (value as unknown[]).length) !== undefined
  return shape.kind === 'string' && breaksTextLimits(limitsFor(shape, value as string), value as string)
}

function breaksTextLimits(shape: StringShape, text: string): boolean {
  if (shape.pattern !== undefined && mismatches(shape.pattern, text)) return true
  return limit(shape, 'length', text.length) !== undefined
}

/** All limits of an element or key, as they are printed for its collection. */
function limitsOf(shape: Shape): string[] {
  if (shape.kind === 'enumeration') return [enumConstraint(shape.values)]
  if (shape.kind !== 'string' && shape.kind !== 'number' && shape.kind !== 'list') return []
  const measure = shape.kind === 'number' ? 'value' : 'length'
  const limits = []
  if (shape.max !== undefined) limits.push(`Member must have ${measure} less than or equal to ${shape.max}`)
  if (shape.min !== undefined) limits.push(`Member must have ${measure} greater than or equal to ${shape.min}`)
  if (shape.kind === 'string' && shape.pattern !== undefined) limits.push(patternConstraint(shape.pattern))
  return limits
}

function limit(limits: Limits, measure: 'length' | 'value', value: number): string | undefined {
  if (limits.min !== undefined && value < limits.min)
    return `Member must have ${measure} greater than or equal to ${limits.min}`
  if (limits.max !== undefined && value > limits.max)
    return `Member must have ${measure} less than or equal to ${limits.max}`
  return undefined
}

function patternConstraint(pattern: Pattern): string {
  return `Member must satisfy regular expression pattern: ${pattern.text}`
}

function enumConstraint(values: readonly string[]): string {
  return `Member must satisfy enum value set: [${values.join(', ')}]`
}

function missing(path: string): string {
  return `Value null at '${path}' failed to satisfy constraint: Member must not be null`
}

function report(
  shape: Shape,
  value: unknown,
  path: string,
  constraint: string | undefined,
  violations: Violations,
): void {
  if (constraint === undefined || violations.length >= MAX_LISTED) return
  const shown = shape.kind === 'number' && shape.terse ? 'Value' : `Value '${dump(shape, value)}'`
  violations.push(`${shown} at '${path}' failed to satisfy constraint: ${constraint}`)
}
