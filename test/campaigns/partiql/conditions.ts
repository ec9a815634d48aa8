/** Random conditions, and what they are in a WHERE clause and in an expression. */
import type { AttributeValue } from '../../../server/model/item.ts'
import type { Random } from '../random.ts'
import {
  expressionPath,
  expressionValue,
  type Path,
  type Placeholders,
  statementPath,
  statementValue,
  type Writer,
  word,
} from './text.ts'
import { anyPath, anyValue } from './values.ts'

export type Operand = { path: Path } | { value: AttributeValue } | { size: Path }

export type Condition =
  | { kind: 'compare'; operator: string; left: Operand; right: Operand }
  | { kind: 'between'; operand: Operand; low: Operand; high: Operand; not: boolean }
  | { kind: 'in'; operand: Operand; choices: Operand[]; not: boolean }
  | { kind: 'missing'; path: Path; not: boolean }
  | { kind: 'null'; operand: Operand; not: boolean }
  | { kind: 'call'; name: 'begins_with' | 'contains' | 'attribute_type'; operands: Operand[] }
  | { kind: 'and' | 'or'; terms: Condition[] }
  | { kind: 'not'; term: Condition }

const COMPARATORS = ['=', '<>', '<', '<=', '>', '>=']
const TYPES = ['S', 'N', 'B', 'BOOL', 'NULL', 'SS', 'NS', 'BS', 'L', 'M']

/** How a generator makes paths and the constants to compare them with. */
export type Terms = { path(random: Random): Path; value(random: Random, path: Path | undefined): AttributeValue }

export const ANY_TERMS: Terms = { path: anyPath, value: random => anyValue(random) }

export function anyCondition(random: Random, terms = ANY_TERMS, depth = 0): Condition {
  if (depth < 3 && random.chance(0.45)) {
    if (random.chance(0.25)) return { kind: 'not', term: anyCondition(random, terms, depth + 1) }
    const parts = random.some(2, 3, () => anyCondition(random, terms, depth + 1))
    return { kind: random.pick(['and', 'or']), terms: parts }
  }
  return leaf(random, terms)
}

function leaf(random: Random, terms: Terms): Condition {
  const path = terms.path(random)
  const operand: Operand = random.chance(0.9) ? { path } : { size: path }
  const constant = (): Operand => ('size' in operand ? { value: { N: '2' } } : { value: terms.value(random, path) })
  const other = (): Operand => (random.chance(0.9) ? constant() : { path: terms.path(random) })
  const not = random.chance(0.2)
  return random.weighted<() => Condition>([
    [8, () => comparison(random, operand, other())],
    [2, () => ({ kind: 'between', operand, low: other(), high: other(), not })],
    [2, () => ({ kind: 'in', operand, choices: random.some(1, 4, other), not })],
    [2, () => ({ kind: 'missing', path, not: random.chance(0.5) })],
    [1, () => ({ kind: 'null', operand, not: random.chance(0.5) })],
    [1.5, () => ({ kind: 'call', name: 'begins_with', operands: [operand, other()] })],
    [1.5, () => ({ kind: 'call', name: 'contains', operands: [operand, other()] })],
    [1, () => ({ kind: 'call', name: 'attribute_type', operands: [operand, { value: { S: random.pick(TYPES) } }] })],
  ])()
}

function comparison(random: Random, operand: Operand, other: Operand): Condition {
  const operator = random.pick(COMPARATORS)
  const [left, right] = random.chance(0.8) ? [operand, other] : [other, operand]
  return { kind: 'compare', operator, left, right }
}

/** As a WHERE clause has it; parentheses are free. */
export function inStatement(w: Writer, condition: Condition, inner = false): string {
  const compound = condition.kind === 'and' || condition.kind === 'or' || condition.kind === 'not'
  const text = statementText(w, condition)
  return (inner && compound) || w.random.chance(0.05) ? `(${text})` : text
}

function statementText(w: Writer, condition: Condition): string {
  const operand = (of: Operand) => statementOperand(w, of)
  const not = (negated: boolean) => (negated ? ` ${word(w, 'NOT')}` : '')
  switch (condition.kind) {
    case 'compare': {
      const operator = condition.operator === '<>' && w.random.chance(0.5) ? '!=' : condition.operator
      return `${operand(condition.left)} ${operator} ${operand(condition.right)}`
    }
    case 'between': {
      const start = `${operand(condition.operand)}${not(condition.not)} ${word(w, 'BETWEEN')} ${operand(condition.low)}`
      return `${start} ${word(w, 'AND')} ${operand(condition.high)}`
    }
    case 'in': {
      const [open, close] = w.random.pick(['[]', '()'])
      const start = `${operand(condition.operand)}${not(condition.not)} ${word(w, 'IN')} `
      return `${start}${open}${condition.choices.map(operand).join(', ')}${close}`
    }
    case 'missing':
      return `${statementPath(w, condition.path)} ${word(w, 'IS')}${not(condition.not)} ${word(w, 'MISSING')}`
    case 'null':
      return `${operand(condition.operand)} ${word(w, 'IS')}${not(condition.not)} ${word(w, 'NULL')}`
    case 'call':
      return `${word(w, condition.name)}(${condition.operands.map(operand).join(', ')})`
    case 'not':
      return `${word(w, 'NOT')} ${inStatement(w, condition.term, true)}`
    default:
      return condition.terms.map(term => inStatement(w, term, true)).join(` ${word(w, condition.kind.toUpperCase())} `)
  }
}

function statementOperand(w: Writer, operand: Operand): string {
  let text: string
  if ('path' in operand) text = statementPath(w, operand.path)
  else if ('value' in operand) text = statementValue(w, operand.value)
  else text = `${word(w, 'size')}(${statementPath(w, operand.size)})`
  return w.random.chance(0.03) ? `(${text})` : text
}

/** As an expression has it. */
export function inExpression(p: Placeholders, condition: Condition, inner = false): string {
  const compound = condition.kind === 'and' || condition.kind === 'or' || condition.kind === 'not'
  const text = expressionText(p, condition)
  return inner && compound ? `(${text})` : text
}

function expressionText(p: Placeholders, condition: Condition): string {
  const operand = (of: Operand) => expressionOperand(p, of)
  const not = (negated: boolean, text: string) => (negated ? `NOT (${text})` : text)
  switch (condition.kind) {
    case 'compare':
      return `${operand(condition.left)} ${condition.operator} ${operand(condition.right)}`
    case 'between': {
      const start = `${operand(condition.operand)} BETWEEN ${operand(condition.low)}`
      return not(condition.not, `${start} AND ${operand(condition.high)}`)
    }
    case 'in':
      return not(condition.not, `${operand(condition.operand)} IN (${condition.choices.map(operand).join(', ')})`)
    case 'missing':
      return `${condition.not ? 'attribute_exists' : 'attribute_not_exists'}(${expressionPath(p, condition.path)})`
    case 'null': {
      const type = expressionValue(p, { S: 'NULL' })
      return not(condition.not, `attribute_type(${operand(condition.operand)}, ${type})`)
    }
    case 'call':
      return `${condition.name}(${condition.operands.map(operand).join(', ')})`
    case 'not':
      return `NOT ${inExpression(p, condition.term, true)}`
    default:
      return condition.terms.map(term => inExpression(p, term, true)).join(` ${condition.kind.toUpperCase()} `)
  }
}

function expressionOperand(p: Placeholders, operand: Operand): string {
  if ('path' in operand) return expressionPath(p, operand.path)
  if ('value' in operand) return expressionValue(p, operand.value)
  return `size(${expressionPath(p, operand.size)})`
}
