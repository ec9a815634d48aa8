/**
 * WHERE clauses to the syntax of conditions.
 *
 * or := and (OR and)*;  and := not (AND not)*;  not := NOT not | unit [comparison]
 * unit := '(' or ')' | path | literal | function '(' unit, ... ')'
 */
import type { Comparator } from '../expression/bound.ts'
import type { CallSyntax, ConditionSyntax, OperandSyntax, Parsed } from '../expression/syntax.ts'
import { validation } from '../model/errors.ts'
import {
  addConstant,
  atSymbol,
  atWord,
  type Cursor,
  expectSymbol,
  expectWord,
  malformed,
  nested,
  peek,
  takeSymbol,
  takeWord,
  unexpected,
} from './cursor.ts'
import { atList, atLiteral, readLiteral } from './literals.ts'
import { readPath } from './paths.ts'

/** What has been read: something to compare, or a condition. */
type Term = { operand: OperandSyntax; condition?: undefined } | { operand?: undefined; condition: ConditionSyntax }

const COMPARATORS = new Map<string, Comparator>([
  ['=', '='],
  ['<>', '<>'],
  ['!=', '<>'],
  ['<', '<'],
  ['<=', '<='],
  ['>', '>'],
  ['>=', '>='],
])

/** The functions, with their numbers of operands. `SIZE` alone is an operand, the others are conditions. */
const FUNCTIONS = new Map([
  ['BEGINS_WITH', 2],
  ['CONTAINS', 2],
  ['ATTRIBUTE_TYPE', 2],
  ['SIZE', 1],
])

const MAX_CHOICES = 100

export function readCondition(cursor: Cursor): Parsed<ConditionSyntax> {
  const root = asCondition(cursor, readOr(cursor))
  return { root, references: [], miscount: cursor.miscount }
}

function readOr(cursor: Cursor): Term {
  return readJoined(cursor, 'OR', readAnd)
}

function readAnd(cursor: Cursor): Term {
  return readJoined(cursor, 'AND', readNot)
}

function readJoined(cursor: Cursor, word: 'AND' | 'OR', read: (cursor: Cursor) => Term): Term {
  const first = read(cursor)
  if (!atWord(cursor, word)) return first
  const terms = [asCondition(cursor, first)]
  while (takeWord(cursor, word)) terms.push(asCondition(cursor, read(cursor)))
  return { condition: { kind: word === 'AND' ? 'and' : 'or', terms } }
}

function readNot(cursor: Cursor): Term {
  if (!takeWord(cursor, 'NOT')) return readComparison(cursor)
  return { condition: not(asCondition(cursor, nested(cursor, readNot))) }
}

function not(term: ConditionSyntax): ConditionSyntax {
  return { kind: 'not', term }
}

function readComparison(cursor: Cursor): Term {
  const term = readUnit(cursor)
  if (term.operand === undefined) return term
  const left = term.operand
  const comparator = peek(cursor).kind === 'symbol' ? COMPARATORS.get(peek(cursor).text) : undefined
  if (comparator !== undefined) {
    cursor.at++
    return { condition: { kind: 'compare', comparator, left, right: readOperand(cursor) } }
  }
  if (takeWord(cursor, 'IS')) return { condition: readIs(cursor, left) }
  const negated = takeWord(cursor, 'NOT')
  const condition = readBetweenOrIn(cursor, left)
  if (condition === undefined && negated) throw unexpected(peek(cursor))
  if (condition === undefined) return term
  return { condition: negated ? not(condition) : condition }
}

function readBetweenOrIn(cursor: Cursor, operand: OperandSyntax): ConditionSyntax | undefined {
  if (takeWord(cursor, 'BETWEEN')) {
    const low = readOperand(cursor)
    expectWord(cursor, 'AND')
    return { kind: 'between', operand, low, high: readOperand(cursor) }
  }
  return takeWord(cursor, 'IN') ? { kind: 'in', operand, choices: readChoices(cursor) } : undefined
}

/** `[a, b]` or `(a, b)`. */
function readChoices(cursor: Cursor): OperandSyntax[] {
  if (!atList(cursor)) throw unexpected(peek(cursor))
  const end = takeSymbol(cursor, '[') ? ']' : ')'
  if (end === ')') cursor.at++
  const choices: OperandSyntax[] = []
  do choices.push(readOperand(cursor))
  while (takeSymbol(cursor, ','))
  expectSymbol(cursor, end)
  if (choices.length > MAX_CHOICES) noteMiscount(cursor, 'IN', choices.length)
  return choices
}

/** What follows IS: `MISSING` is about the attribute, `NULL` about its value. */
function readIs(cursor: Cursor, operand: OperandSyntax): ConditionSyntax {
  const negated = takeWord(cursor, 'NOT')
  let condition: ConditionSyntax
  if (takeWord(cursor, 'MISSING')) {
    if (operand.kind !== 'path') throw malformed('Unexpected term')
    condition = call('attribute_not_exists', operand)
  } else {
    expectWord(cursor, 'NULL')
    const type = addConstant(cursor, { kind: 'constant', value: { S: 'NULL' } })
    condition = call('attribute_type', operand, type)
  }
  return negated ? not(condition) : condition
}

function call(name: string, ...operands: OperandSyntax[]): CallSyntax {
  return { kind: 'call', name, operands }
}

function readUnit(cursor: Cursor): Term {
  if (takeSymbol(cursor, '(')) {
    const term = nested(cursor, readOr)
    expectSymbol(cursor, ')')
    return term
  }
  if (peek(cursor).kind === 'name' && atSymbol(cursor, '(', 1)) return readCall(cursor)
  return { operand: atLiteral(cursor) ? addConstant(cursor, readLiteral(cursor)) : readPath(cursor) }
}

function readCall(cursor: Cursor): Term {
  const { text } = peek(cursor)
  const count = FUNCTIONS.get(text.toUpperCase())
  if (count === undefined) throw validation(`Invalid function name; function: ${text}`)
  cursor.at += 2
  const operands: OperandSyntax[] = []
  if (!takeSymbol(cursor, ')')) {
    do operands.push(nested(cursor, readOperand))
    while (takeSymbol(cursor, ','))
    expectSymbol(cursor, ')')
  }
  const name = text.toLowerCase()
  if (operands.length !== count) noteMiscount(cursor, name, operands.length)
  const syntax = call(name, ...operands)
  return name === 'size' ? { operand: syntax } : { condition: syntax }
}

function noteMiscount(cursor: Cursor, name: string, count: number): void {
  cursor.miscount ??=
    `Incorrect number of operands for operator or function; operator or function: ${name}, ` +
    `number of operands: ${count}`
}

function readOperand(cursor: Cursor): OperandSyntax {
  const { operand } = readUnit(cursor)
  if (operand === undefined) throw malformed('Unexpected term')
  return operand
}

function asCondition(cursor: Cursor, { operand, condition }: Term): ConditionSyntax {
  if (operand !== undefined) throw unexpected(peek(cursor))
  return condition
}
