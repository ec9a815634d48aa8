/** The conditions of the API before expressions: Expected, QueryFilter, ScanFilter and KeyConditions (facts, section 3.9). */
import { compareScalars } from '../model/compare.ts'
import { type DynamoError, invalidParameter, validation } from '../model/errors.ts'
import { type AttributeType, type AttributeValue, typeOf } from '../model/item.ts'
import { validateValue } from '../model/value.ts'
import type { Comparator, Condition, KeyConditionTerm, Path } from './bound.ts'
import { ORDERED } from './operandtypes.ts'

export type LegacyOperator =
  | 'EQ'
  | 'NE'
  | 'LE'
  | 'LT'
  | 'GE'
  | 'GT'
  | 'BETWEEN'
  | 'IN'
  | 'BEGINS_WITH'
  | 'CONTAINS'
  | 'NOT_CONTAINS'
  | 'NULL'
  | 'NOT_NULL'

/** A member of QueryFilter, ScanFilter or KeyConditions. */
export type LegacyCondition = { ComparisonOperator: LegacyOperator; AttributeValueList?: AttributeValue[] }

/** A member of Expected. */
export type LegacyExpectation = {
  Value?: AttributeValue
  Exists?: boolean
  ComparisonOperator?: LegacyOperator
  AttributeValueList?: AttributeValue[]
}

export type ConditionalOperator = 'AND' | 'OR'

/**
 * As many as an expression may have operators. Each is tested on each item of a page, which for what a request has room for
 * would take minutes. The text is ours: DynamoDB's is not known.
 */
const MAX_FILTERS = 300

/** What an operator takes: how many operands, and of which types; without `types`, of any. */
type Signature = { operands: number | 'some'; types?: AttributeType[] }

const SEARCHED: AttributeType[] = [...ORDERED, 'BOOL', 'NULL']

const SIGNATURES: Record<LegacyOperator, Signature> = {
  EQ: { operands: 1 },
  NE: { operands: 1 },
  LE: { operands: 1, types: ORDERED },
  LT: { operands: 1, types: ORDERED },
  GE: { operands: 1, types: ORDERED },
  GT: { operands: 1, types: ORDERED },
  BETWEEN: { operands: 2, types: ORDERED },
  IN: { operands: 'some', types: ORDERED },
  BEGINS_WITH: { operands: 1, types: ['S', 'B'] },
  CONTAINS: { operands: 1, types: SEARCHED },
  NOT_CONTAINS: { operands: 1, types: SEARCHED },
  NULL: { operands: 0 },
  NOT_NULL: { operands: 0 },
}

/** `Expected` as a condition; undefined if it is absent or empty. */
export function expectedCondition(
  expected: Record<string, LegacyExpectation> | undefined,
  operator: ConditionalOperator | undefined,
): Condition | undefined {
  return joined(expected, operator, expectation)
}

/** `QueryFilter` or `ScanFilter` as a condition; undefined if it is absent or empty. */
export function filterCondition(
  filter: Record<string, LegacyCondition> | undefined,
  operator: ConditionalOperator | undefined,
): Condition | undefined {
  const count = filter === undefined ? 0 : Object.keys(filter).length
  if (count > MAX_FILTERS) throw invalidParameter(`Too many conditions; condition count: ${count}`)
  return joined(filter, operator, (name, condition) =>
    comparison(name, condition.ComparisonOperator, condition.AttributeValueList ?? []),
  )
}

/** `KeyConditions`, before the key schema is known. */
export function legacyKeyCondition(conditions: Record<string, LegacyCondition>): KeyConditionTerm[] {
  const entries = Object.entries(conditions)
  const terms = entries.map(([attribute, { ComparisonOperator, AttributeValueList = [] }]) => {
    checkOperands(ComparisonOperator, AttributeValueList)
    const operator = INDEXABLE[ComparisonOperator]
    if (operator === undefined) throw validation('Attempted conditional constraint is not an indexable operation')
    return { attribute, operator, values: AttributeValueList }
  })
  if (terms.length === 0) throw validation('Conditions can be of length 1 or 2 only')
  return terms
}

const INDEXABLE: Partial<Record<LegacyOperator, KeyConditionTerm['operator']>> = {
  EQ: '=',
  LE: '<=',
  LT: '<',
  GE: '>=',
  GT: '>',
  BETWEEN: 'BETWEEN',
  BEGINS_WITH: 'begins_with',
}

function joined<Entry>(
  entries: Record<string, Entry> | undefined,
  operator: ConditionalOperator | undefined,
  bind: (name: string, entry: Entry) => Condition,
): Condition | undefined {
  const terms = Object.entries(entries ?? {}).map(([name, entry]) => bind(name, entry))
  if (operator !== undefined && terms.length < 2) {
    throw validation(
      terms.length === 0
        ? 'ConditionalOperator cannot be used without Filter or Expected'
        : 'ConditionalOperator can only be used when Filter or Expected has two or more elements',
    )
  }
  return terms.length < 2 ? terms[0] : { kind: operator === 'OR' ? 'or' : 'and', terms }
}

function expectation(name: string, entry: LegacyExpectation): Condition {
  const { Value: value, Exists: exists, ComparisonOperator: operator, AttributeValueList: list } = entry
  if (value !== undefined && list !== undefined) {
    throw refusal('Value and AttributeValueList cannot be used together', name)
  }
  if (operator !== undefined) {
    if (exists !== undefined) throw refusal('Exists and ComparisonOperator cannot be used together', name)
    const operands = list ?? (value === undefined ? undefined : [value])
    if (operands === undefined && SIGNATURES[operator].operands !== 0) {
      throw refusal(`Value or AttributeValueList must be used with ComparisonOperator: ${operator}`, name)
    }
    return comparison(name, operator, operands ?? [])
  }
  if (list !== undefined) throw refusal('AttributeValueList can only be used with a ComparisonOperator', name)
  return existence(name, exists, value)
}

function existence(name: string, exists: boolean | undefined, value: AttributeValue | undefined): Condition {
  if (exists === false) {
    if (value !== undefined) throw refusal('Value cannot be used when Exists is false', name)
    return { kind: 'notExists', path: [name] }
  }
  if (value === undefined) throw refusal(`Value must be provided when Exists is ${exists ?? null}`, name)
  return comparison(name, 'EQ', [value])
}

function refusal(text: string, name: string): DynamoError {
  return invalidParameter(`${text} for Attribute: ${name}`)
}

/** Checks values, their number and their types, and normalises their numbers. */
function checkOperands(operator: LegacyOperator, values: AttributeValue[]): void {
  for (const value of values) validateValue(value)
  const { operands, types } = SIGNATURES[operator]
  if (operands === 'some' ? values.length === 0 : values.length !== operands) {
    throw invalidParameter(`Invalid number of argument(s) for the ${operator} ComparisonOperator`)
  }
  const [first] = values
  if (first === undefined) return
  const type = typeOf(first)
  if (values.some(value => typeOf(value) !== type)) {
    throw invalidParameter('AttributeValues inside AttributeValueList must be of same type')
  }
  if (types !== undefined && !types.includes(type)) {
    throw invalidParameter(`ComparisonOperator ${operator} is not valid for ${type} AttributeValue type`)
  }
  if (operator === 'BETWEEN' && compareScalars(first, values[1]!)! > 0) {
    throw validation('The BETWEEN condition was provided a range where the lower bound is greater than the upper bound')
  }
}

const COMPARATORS: Partial<Record<LegacyOperator, Comparator>> = {
  EQ: '=',
  NE: '<>',
  LE: '<=',
  LT: '<',
  GE: '>=',
  GT: '>',
}

function comparison(name: string, operator: LegacyOperator, values: AttributeValue[]): Condition {
  checkOperands(operator, values)
  const path: Path = [name]
  const operand = { path }
  const [first, second] = values.map(value => ({ value }))
  switch (operator) {
    case 'NULL':
      return { kind: 'notExists', path }
    case 'NOT_NULL':
      return { kind: 'exists', path }
    case 'BETWEEN':
      return { kind: 'between', operand, low: first!, high: second! }
    case 'IN':
      return { kind: 'in', operand, choices: values.map(value => ({ value })) }
    case 'BEGINS_WITH':
      return { kind: 'beginsWith', operand, prefix: first! }
    case 'CONTAINS':
      return { kind: 'contains', operand, needle: first! }
    case 'NOT_CONTAINS': {
      const contained: Condition = { kind: 'contains', operand, needle: first! }
      return {
        kind: 'and',
        terms: [
          { kind: 'exists', path },
          { kind: 'not', term: contained },
        ],
      }
    }
    default:
      return { kind: 'compare', comparator: COMPARATORS[operator]!, left: operand, right: first! }
  }
}
