/** Key conditions: what they may say at all, and what they say about a given key (facts, sections 3.7 and 4.11). */
import type { RangeCondition } from '../codec/range.ts'
import { type DynamoError, invalidParameter, validation } from '../model/errors.ts'
import { type AttributeValue, typeOf } from '../model/item.ts'
import type { KeyAttribute, KeySchema } from '../model/schema.ts'
import type { Comparator, Condition, KeyConditionTerm, Operand, Path } from './bound.ts'

/** The terms of a bound KeyConditionExpression, in the order of the text. */
export function keyConditionTerms(condition: Condition): KeyConditionTerm[] {
  const terms: KeyConditionTerm[] = []
  for (const part of conjuncts(condition)) {
    const term = keyConditionTerm(part)
    if (terms.some(other => other.attribute === term.attribute)) {
      throw validation('KeyConditionExpressions must only contain one condition per key')
    }
    terms.push(term)
  }
  return terms
}

function conjuncts(condition: Condition): Condition[] {
  return condition.kind === 'and' ? condition.terms.flatMap(conjuncts) : [condition]
}

function keyConditionTerm(condition: Condition): KeyConditionTerm {
  switch (condition.kind) {
    case 'compare': {
      if (condition.comparator === '<>') throw invalidOperator('<>')
      return comparisonTerm(condition.comparator, condition.left, condition.right)
    }
    case 'between': {
      const { operand, low, high } = condition
      return leadingTerm('BETWEEN', [operand, low, high])
    }
    case 'beginsWith':
      return leadingTerm('begins_with', [condition.operand, condition.prefix])
    default:
      throw invalidOperator(OPERATORS[condition.kind])
  }
}

/** As messages name the conditions that no key condition may contain. */
const OPERATORS = {
  and: 'AND',
  or: 'OR',
  not: 'NOT',
  in: 'IN',
  exists: 'attribute_exists',
  notExists: 'attribute_not_exists',
  type: 'attribute_type',
  contains: 'contains',
}

function invalidOperator(operator: string): DynamoError {
  return validation(`Invalid operator used in KeyConditionExpression: ${operator}`)
}

type Ordering = Exclude<Comparator, '<>'>
/** Comparators as they read from the right. */
export const MIRRORED: Record<Ordering, Ordering> = { '=': '=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' }

function comparisonTerm(comparator: Ordering, left: Operand, right: Operand): KeyConditionTerm {
  const attribute = keyAttribute(onlyPath([left, right]))
  const [operator, constant] = 'path' in left ? [comparator, right] : [MIRRORED[comparator], left]
  return { attribute, operator, values: constants([constant]) }
}

function leadingTerm(operator: 'BETWEEN' | 'begins_with', operands: Operand[]): KeyConditionTerm {
  const path = onlyPath(operands)
  if (!('path' in operands[0]!)) {
    throw invalidCondition(`${operator} operator must have the key attribute as its first operand`)
  }
  return { attribute: keyAttribute(path), operator, values: constants(operands.slice(1)) }
}

/** The one path among the operands. */
function onlyPath(operands: Operand[]): Path {
  if (operands.some(operand => 'size' in operand)) {
    throw validation('KeyConditionExpressions cannot contain nested operations')
  }
  const paths = operands.flatMap(operand => ('path' in operand ? [operand.path] : []))
  if (paths.length > 1) throw invalidCondition('Multiple attribute names used in one condition')
  if (paths.length === 0) throw invalidCondition('No key attribute specified')
  return paths[0]!
}

function invalidCondition(text: string): DynamoError {
  return validation(`Invalid condition in KeyConditionExpression: ${text}`)
}

function keyAttribute(path: Path): string {
  if (path.length > 1) throw validation('KeyConditionExpressions cannot have conditions on nested attributes')
  return path[0] as string
}

function constants(operands: Operand[]): AttributeValue[] {
  return operands.flatMap(operand => ('value' in operand ? [operand.value] : []))
}

/**
 * What the terms say about a key, in schema order: one value for each hash attribute, and conditions on the first range
 * attributes, of which only the last may be other than an equality.
 * @throws ValidationException
 */
export function resolveKeyCondition(
  terms: KeyConditionTerm[],
  key: KeySchema,
): { hash: AttributeValue[]; range: RangeCondition[] } {
  const several = key.hash.length > 1 || key.range.length > 1
  if (terms.length === 0 || (terms.length > 2 && !several)) {
    throw validation('Conditions can be of length 1 or 2 only')
  }
  const termOf = (attribute: KeyAttribute) => terms.find(term => term.attribute === attribute.name)
  const hash = key.hash.map(attribute => termOf(attribute) ?? missing(attribute))
  const range: KeyConditionTerm[] = []
  for (const attribute of key.range.slice(0, terms.length - hash.length)) {
    const term = termOf(attribute)
    if (term === undefined && several) throw notSupported()
    range.push(term ?? missing(attribute))
  }
  const used = [...hash, ...range]
  if (used.length < terms.length) throw notSupported()
  if ([...hash, ...range.slice(0, -1)].some(term => term.operator !== '=')) throw notSupported()
  for (const [i, attribute] of [...key.hash, ...key.range].slice(0, used.length).entries()) {
    checkConstants(attribute, used[i]!.values)
  }
  return {
    hash: hash.map(term => term.values[0]!),
    range: range.map(({ operator, values }) => ({ operator, values })),
  }
}

function missing(attribute: KeyAttribute): never {
  throw validation(`Query condition missed key schema element: ${attribute.name}`)
}

function notSupported(): DynamoError {
  return validation('Query key condition not supported')
}

function checkConstants({ name, type }: KeyAttribute, values: AttributeValue[]): void {
  for (const value of values) {
    if (typeOf(value) !== type) throw invalidParameter('Condition parameter type does not match schema type')
    if (value[type] !== '') continue
    throw validation(
      'One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty ' +
        `${type === 'B' ? 'binary' : 'string'} value. Key: ${name}`,
    )
  }
}
