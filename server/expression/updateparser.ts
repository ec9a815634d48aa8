/** The text of an update to its syntax: the sections SET, REMOVE, ADD and DELETE, each at most once, in any order. */
import {
  closeDraft,
  type Draft,
  expectSymbol,
  type Label,
  noteFault,
  openDraft,
  peek,
  syntaxError,
  takeSymbol,
} from './draft.ts'
import { checkFunctionName, checkOperandCount } from './functions.ts'
import { readOperand, readPath, readValue } from './operandparser.ts'
import type { ClauseSyntax, Parsed, Section, SetSyntax } from './syntax.ts'

const SECTIONS = new Set(['SET', 'REMOVE', 'ADD', 'DELETE'])

export function parseUpdate(label: Label, text: string): Parsed<ClauseSyntax[]> {
  const draft = openDraft(label, text)
  const clauses: ClauseSyntax[] = []
  const seen = new Set<Section>()
  while (peek(draft).kind !== 'end') {
    const section = readSection(draft)
    if (seen.has(section)) {
      noteFault(draft, 'section', `The "${section}" section can only be used once in an update expression;`)
    }
    seen.add(section)
    do clauses.push(readClause(draft, section))
    while (takeSymbol(draft, ','))
  }
  return closeDraft(draft, clauses, ['parentheses', 'reserved', 'function', 'section', 'index', 'depth'])
}

function readSection(draft: Draft): Section {
  const token = peek(draft)
  const section = token.text.toUpperCase()
  if (token.kind !== 'name' || !SECTIONS.has(section)) throw syntaxError(draft)
  draft.at++
  return section as Section
}

function readClause(draft: Draft, section: Section): ClauseSyntax {
  const path = readPath(draft, SECTIONS)
  if (section === 'REMOVE') return { section, path }
  if (section !== 'SET') return { section, path, value: readValue(draft) }
  expectSymbol(draft, '=')
  return { section, path, value: readSetValue(draft) }
}

/** The whole right-hand side, the inside of parentheses, or the operands of a call. */
type Group = {
  parenthesis?: boolean
  call?: string
  operands: SetSyntax[]
  /** A sum or difference that waits for its right side. */
  pending?: { sign: '+' | '-'; left: SetSyntax }
}

/** A right-hand side, with a stack of our own (see conditionparser.ts). */
function readSetValue(draft: Draft): SetSyntax {
  const groups: Group[] = [{ operands: [] }]
  for (;;) {
    const start = readOperand(draft, SECTIONS)
    if (start.kind !== 'open') {
      const value = settle(draft, groups, start)
      if (value !== undefined) return value
    } else if (start.call !== undefined) {
      checkFunctionName(draft, start.call, 'update')
      groups.push({ call: start.call, operands: [] })
    } else groups.push({ parenthesis: true, operands: [] })
  }
}

/** Fits an operand into the innermost group, and closes groups as they end. The whole value when it ends. */
function settle(draft: Draft, groups: Group[], operand: SetSyntax): SetSyntax | undefined {
  let value = operand
  let parenthesised = false
  for (;;) {
    const group = groups.at(-1)!
    if (group.call !== undefined) {
      group.operands.push(value)
      if (takeSymbol(draft, ',')) return undefined
      expectSymbol(draft, ')')
      checkOperandCount(draft, group.call, group.operands.length)
      value = { kind: 'call', name: group.call, operands: group.operands }
      parenthesised = false
    } else {
      if (group.pending !== undefined) {
        value = { kind: 'arithmetic', ...group.pending, right: value }
        parenthesised = false
      } else if (beginArithmetic(draft, group, value)) return undefined
      if (!group.parenthesis) return value
      expectSymbol(draft, ')')
      if (parenthesised) noteFault(draft, 'parentheses', 'The expression has redundant parentheses;')
      parenthesised = true
    }
    groups.pop()
  }
}

/** Reads the sign after an operand, if one follows. */
function beginArithmetic(draft: Draft, group: Group, left: SetSyntax): boolean {
  const sign = takeSymbol(draft, '+') ? '+' : takeSymbol(draft, '-') ? '-' : undefined
  if (sign === undefined) return false
  draft.operators++
  group.pending = { sign, left }
  return true
}
