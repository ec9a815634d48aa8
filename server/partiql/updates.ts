/** SET and REMOVE clauses to the syntax of update expressions; SET_ADD is their ADD, and SET_DELETE their DELETE. */
import { samePath } from '../expression/paths.ts'
import type { ClauseSyntax, Parsed, PathSyntax, SetSyntax } from '../expression/syntax.ts'
import { validation } from '../model/errors.ts'
import {
  addConstant,
  atSymbol,
  atWord,
  type Cursor,
  expectSymbol,
  malformed,
  nested,
  peek,
  takeSymbol,
  takeWord,
} from './cursor.ts'
import { atLiteral, readLiteral } from './literals.ts'
import { readPath } from './paths.ts'

const SET_FUNCTIONS = { SET_ADD: 'ADD', SET_DELETE: 'DELETE' } as const

/** Sums are trees that lean to the left; whatever walks one recurses. */
const MAX_SUMMANDS = 128

export function readUpdate(cursor: Cursor): Parsed<ClauseSyntax[]> {
  const root: ClauseSyntax[] = []
  for (;;) {
    const remove = takeWord(cursor, 'REMOVE')
    if (!remove && !takeWord(cursor, 'SET')) break
    do root.push(remove ? { section: 'REMOVE', path: readPath(cursor) } : readSet(cursor))
    while (takeSymbol(cursor, ','))
  }
  if (root.length === 0) throw malformed('Expected data manipulation')
  return { root, references: [] }
}

function readSet(cursor: Cursor): ClauseSyntax {
  const path = readPath(cursor)
  expectSymbol(cursor, '=')
  for (const name of ['SET_ADD', 'SET_DELETE'] as const) {
    if (atWord(cursor, name) && atSymbol(cursor, '(', 1)) return readSetFunction(cursor, path, name)
  }
  return { section: 'SET', path, value: readData(cursor) }
}

/** `SET path = SET_ADD(path, <<..>>)`. */
function readSetFunction(cursor: Cursor, path: PathSyntax, of: 'SET_ADD' | 'SET_DELETE'): ClauseSyntax {
  cursor.at += 2
  const changed = readPath(cursor)
  if (!samePath(changed.elements, path.elements)) {
    throw validation(`The first operand of ${of} must be the path that it is assigned to`)
  }
  expectSymbol(cursor, ',')
  const value = addConstant(cursor, readLiteral(cursor))
  expectSymbol(cursor, ')')
  cursor.sets.push([value.name, of])
  return { section: SET_FUNCTIONS[of], path, value }
}

function readData(cursor: Cursor): SetSyntax {
  let data = readSummand(cursor)
  for (let summands = 1; ; summands++) {
    const sign = takeSymbol(cursor, '+') ? '+' : takeSymbol(cursor, '-') ? '-' : undefined
    if (sign === undefined) return data
    if (summands >= MAX_SUMMANDS) throw malformed('Nested too deeply')
    data = { kind: 'arithmetic', sign, left: data, right: readSummand(cursor) }
  }
}

function readSummand(cursor: Cursor): SetSyntax {
  if (takeSymbol(cursor, '(')) {
    const data = nested(cursor, readData)
    expectSymbol(cursor, ')')
    return data
  }
  if (peek(cursor).kind === 'name' && atSymbol(cursor, '(', 1)) return readListAppend(cursor)
  return atLiteral(cursor) ? addConstant(cursor, readLiteral(cursor)) : readPath(cursor)
}

function readListAppend(cursor: Cursor): SetSyntax {
  const { text } = peek(cursor)
  if (!atWord(cursor, 'LIST_APPEND')) throw validation(`Invalid function name; function: ${text}`)
  cursor.at += 2
  const first = nested(cursor, readData)
  expectSymbol(cursor, ',')
  const operands = [first, nested(cursor, readData)]
  expectSymbol(cursor, ')')
  return { kind: 'call', name: 'list_append', operands }
}
