/**
 * The text of a condition, filter or key condition to its syntax.
 *
 * or := and (OR and)*;  and := not (AND not)*;  not := NOT not | '(' or ')' | comparison | function
 *
 * Nesting is kept on a stack of our own. After parsing, the depth of a syntax tree is bounded by the number of operators
 * (300) and of nested calls (4,096 / 5), so that everything later may recurse.
 */
import type { Comparator } from './bound.ts'
import {
  closeDraft,
  type Draft,
  expectSymbol,
  type Label,
  noteFault,
  openDraft,
  peek,
  syntaxError,
  takeKeyword,
  takeSymbol,
} from './draft.ts'
import { checkFunctionName, checkFunctionUse, checkOperandCount, noteOperandCount } from './functions.ts'
import { readOperand } from './operandparser.ts'
import type { ConditionSyntax, OperandSyntax, Parsed } from './syntax.ts'

const KEYWORDS = new Set(['AND', 'OR', 'NOT', 'BETWEEN', 'IN'])
const COMPARATORS = new Set(['=', '<>', '<', '<=', '>', '>='])
const MAX_CHOICES = 100

/** What has been read: an operand, a condition, or a call, which may turn out to be either. */
type Term = (
  | { operand: OperandSyntax; condition?: undefined }
  | { operand?: undefined; condition: ConditionSyntax }
) & { parenthesised?: boolean }

/** The whole text, the inside of parentheses, the operands of a call, or the choices of an IN. */
type Group = {
  opener: 'text' | 'parenthesis' | 'call' | 'in'
  /** Only an operand may stand in these parentheses. */
  operandOnly: boolean
  /** NOTs that wait for their condition. */
  nots: number
  and: ConditionSyntax[]
  or: ConditionSyntax[]
  /** A comparison or BETWEEN that waits for its last operands. */
  pending?: { operator: string; operands: OperandSyntax[] }
  /** Of a call: its function. */
  call?: string
  /** Of an IN: its left side. */
  left?: OperandSyntax
  operands: OperandSyntax[]
}

export function parseCondition(label: Label, text: string): Parsed<ConditionSyntax> {
  const draft = openDraft(label, text)
  const root = readCondition(draft)
  return closeDraft(draft, root, ['parentheses', 'function', 'misuse', 'reserved', 'index', 'depth'])
}

function readCondition(draft: Draft): ConditionSyntax {
  const groups = [openGroup('text', false)]
  for (;;) {
    const group = groups.at(-1)!
    const inner = group.operandOnly || group.opener === 'call' || group.opener === 'in' || group.pending !== undefined
    while (!inner && takeKeyword(draft, 'NOT')) {
      group.nots++
      draft.operators++
    }
    const start = readOperand(draft, KEYWORDS)
    if (start.kind !== 'open') {
      const condition = settle(draft, groups, { operand: start })
      if (condition !== undefined) return condition
    } else if (start.call !== undefined) {
      checkFunctionName(draft, start.call, 'condition')
      groups.push({ ...openGroup('call', true), call: start.call })
    } else groups.push(openGroup('parenthesis', inner))
  }
}

function openGroup(opener: Group['opener'], operandOnly: boolean): Group {
  return { opener, operandOnly, nots: 0, and: [], or: [], operands: [] }
}

/** Fits a term into the innermost group, and closes groups as they end. The whole condition when the text ends. */
function settle(draft: Draft, groups: Group[], first: Term): ConditionSyntax | undefined {
  let term: Term | undefined = first
  while (term !== undefined) {
    const group = groups.at(-1)!
    if (group.opener === 'call' || group.opener === 'in') term = settleInList(draft, groups, group, term)
    else {
      term = settleInCondition(draft, groups, group, term)
      if (groups.length === 0) return term!.condition
    }
  }
  return undefined
}

/** The term that a call or an IN becomes when its list ends; undefined while it goes on. */
function settleInList(draft: Draft, groups: Group[], group: Group, term: Term): Term | undefined {
  group.operands.push(asOperand(draft, term))
  if (takeSymbol(draft, ',')) return undefined
  expectSymbol(draft, ')')
  groups.pop()
  const { operands } = group
  if (group.opener === 'call') {
    checkOperandCount(draft, group.call!, operands.length)
    return { operand: { kind: 'call', name: group.call!, operands } }
  }
  if (operands.length > MAX_CHOICES) noteOperandCount(draft, 'IN', operands.length)
  return { condition: { kind: 'in', operand: group.left!, choices: operands } }
}

/** The term that parentheses or the text become when they end; undefined while another term must follow. */
function settleInCondition(draft: Draft, groups: Group[], group: Group, read: Term): Term | undefined {
  const term = group.pending === undefined ? read : completeComparison(draft, group, read)
  if (term === undefined) return undefined
  if (term.operand !== undefined && !group.operandOnly && beginComparison(draft, groups, group, term.operand)) {
    return undefined
  }
  const alone = group.nots === 0 && group.and.length === 0 && group.or.length === 0
  if (group.opener === 'parenthesis' && alone && takeSymbol(draft, ')')) {
    if (term.parenthesised) noteFault(draft, 'parentheses', 'The expression has redundant parentheses;')
    groups.pop()
    return { ...term, parenthesised: true }
  }
  if (group.operandOnly) throw syntaxError(draft)
  group.and.push(negate(asCondition(draft, term), group.nots))
  group.nots = 0
  if (continues(draft, group)) return undefined
  if (group.opener === 'parenthesis') expectSymbol(draft, ')')
  else if (peek(draft).kind !== 'end') throw syntaxError(draft)
  groups.pop()
  return { condition: join('or', [...group.or, join('and', group.and)]), parenthesised: true }
}

/** Reads the comparator, BETWEEN or IN that follows an operand, if one does. */
function beginComparison(draft: Draft, groups: Group[], group: Group, operand: OperandSyntax): boolean {
  const token = peek(draft)
  const between = takeKeyword(draft, 'BETWEEN')
  if (between || (token.kind === 'symbol' && COMPARATORS.has(token.text))) {
    if (!between) draft.at++
    draft.operators++
    const left = asOperand(draft, { operand })
    group.pending = { operator: between ? 'BETWEEN' : token.text, operands: [left] }
    return true
  }
  if (!takeKeyword(draft, 'IN')) return false
  draft.operators++
  expectSymbol(draft, '(')
  groups.push({ ...openGroup('in', true), left: asOperand(draft, { operand }) })
  return true
}

/** Adds an operand to the pending comparison: the comparison, or undefined if BETWEEN still wants its upper bound. */
function completeComparison(draft: Draft, group: Group, term: Term): Term | undefined {
  const { operator, operands } = group.pending!
  operands.push(asOperand(draft, term))
  if (operator === 'BETWEEN' && operands.length === 2) {
    if (!takeKeyword(draft, 'AND')) throw syntaxError(draft)
    return undefined
  }
  group.pending = undefined
  const [left, right, high] = operands as [OperandSyntax, OperandSyntax, OperandSyntax]
  if (operator === 'BETWEEN') return { condition: { kind: 'between', operand: left, low: right, high } }
  return { condition: { kind: 'compare', comparator: operator as Comparator, left, right } }
}

/** Reads the AND or OR after a condition, if one follows. */
function continues(draft: Draft, group: Group): boolean {
  const and = takeKeyword(draft, 'AND')
  if (!and && !takeKeyword(draft, 'OR')) return false
  draft.operators++
  if (!and) {
    group.or.push(join('and', group.and))
    group.and = []
  }
  return true
}

function join(kind: 'and' | 'or', terms: ConditionSyntax[]): ConditionSyntax {
  return terms.length === 1 ? terms[0]! : { kind, terms }
}

function negate(condition: ConditionSyntax, times: number): ConditionSyntax {
  let negated = condition
  for (let i = 0; i < times; i++) negated = { kind: 'not', term: negated }
  return negated
}

function asOperand(draft: Draft, term: Term): OperandSyntax {
  if (term.operand === undefined) throw syntaxError(draft)
  if (term.operand.kind === 'call') checkFunctionUse(draft, term.operand.name, 'operand')
  return term.operand
}

/** A condition, or a call that stands as one. A bare operand wants a comparison, so the next token is wrong. */
function asCondition(draft: Draft, term: Term): ConditionSyntax {
  if (term.condition !== undefined) return term.condition
  if (term.operand.kind !== 'call') throw syntaxError(draft)
  checkFunctionUse(draft, term.operand.name, 'condition')
  return term.operand
}
