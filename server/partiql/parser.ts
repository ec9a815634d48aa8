/** The text of a statement to its syntax. */

import type { Path } from '../expression/bound.ts'
import { remember } from '../expression/cache.ts'
import { validation } from '../model/errors.ts'
import { readCondition } from './conditions.ts'
import {
  atSymbol,
  atWord,
  type Cursor,
  expectSymbol,
  expectWord,
  malformed,
  openCursor,
  peek,
  takeSymbol,
  takeWord,
} from './cursor.ts'
import { positionOf } from './lexer.ts'
import { readLiteral } from './literals.ts'
import { isIdentifier, readName, readPath } from './paths.ts'
import type { Action, OrderTerm, Returning, Selected, Statement, Target, Where } from './syntax.ts'
import { readUpdate } from './updates.ts'

const statements = remember<undefined, Statement>((_, text) => parse(text))

/** The statement, parsed once for many requests. @throws ValidationException */
export function parseStatement(text: string): Statement {
  return statements(undefined, text)
}

function parse(text: string): Statement {
  const cursor = openCursor(text)
  const action = readAction(cursor)
  takeSymbol(cursor, ';')
  if (peek(cursor).kind !== 'end') throw malformed('Unexpected token after expression')
  const { constants, sets, parameters } = cursor
  return { action, constants, sets, parameters }
}

function readAction(cursor: Cursor): Action {
  if (atWord(cursor, 'SELECT')) return readSelect(cursor)
  if (takeWord(cursor, 'INSERT')) return readInsert(cursor)
  if (takeWord(cursor, 'UPDATE')) return readUpdateStatement(cursor)
  if (takeWord(cursor, 'DELETE')) return readDelete(cursor)
  if (takeWord(cursor, 'EXISTS')) return readExists(cursor)
  throw malformed('Expected data manipulation')
}

function readSelect(cursor: Cursor): Action & { kind: 'select' } {
  expectWord(cursor, 'SELECT')
  const selected = readSelection(cursor)
  expectWord(cursor, 'FROM')
  const target = readTarget(cursor)
  return { kind: 'select', target, selected, where: readWhere(cursor), order: readOrder(cursor) }
}

/** `*`, which is undefined, or paths. */
function readSelection(cursor: Cursor): Selected[] | undefined {
  if (takeSymbol(cursor, '*')) return undefined
  const selected: Selected[] = []
  do {
    const path = readPath(cursor).elements
    selected.push({ name: selectedName(path), path })
  } while (takeSymbol(cursor, ','))
  return selected
}

/** The last name of the path, with the indexes that follow it: `b` of `a.b`, `b[0]` of `a.b[0]`. */
function selectedName(path: Path): string {
  const last = path.findLastIndex(element => typeof element === 'string')
  const indexes = path.slice(last + 1).map(index => `[${index}]`)
  return path[last] + indexes.join('')
}

function readWhere(cursor: Cursor): Where {
  return takeWord(cursor, 'WHERE') ? readCondition(cursor) : undefined
}

function readOrder(cursor: Cursor): OrderTerm[] {
  const terms: OrderTerm[] = []
  if (!takeWord(cursor, 'ORDER')) return terms
  expectWord(cursor, 'BY')
  do {
    const attribute = readName(cursor)
    const descending = takeWord(cursor, 'DESC')
    if (!descending) takeWord(cursor, 'ASC')
    terms.push({ attribute, descending })
  } while (takeSymbol(cursor, ','))
  return terms
}

/** `table` or `table.index`. */
function readTarget(cursor: Cursor): Target {
  const table = readName(cursor)
  const index = takeSymbol(cursor, '.') ? readName(cursor) : undefined
  if (atSymbol(cursor, '.')) throw validation('A path may contain at most 2 components in the FROM clause')
  return { table, index }
}

/** The table of a statement that writes. */
function readWritten(cursor: Cursor): Target {
  const token = peek(cursor)
  if (!isIdentifier(token)) throw malformed('Expected identifier for simple path')
  const target = readTarget(cursor)
  if (target.index === undefined) return target
  throw validation(
    'FROM clause may only contain a single table name in data manipulation statements at ' +
      positionOf(cursor.text, token),
  )
}

function readInsert(cursor: Cursor): Action {
  expectWord(cursor, 'INTO')
  const target = readWritten(cursor)
  expectWord(cursor, 'VALUE')
  if (!atSymbol(cursor, '{')) throw malformed('Unexpected term')
  return { kind: 'insert', target, item: readLiteral(cursor) as (Action & { kind: 'insert' })['item'] }
}

function readUpdateStatement(cursor: Cursor): Action {
  const target = readWritten(cursor)
  const clauses = readUpdate(cursor)
  return { kind: 'update', target, clauses, where: readWhere(cursor), returning: readReturning(cursor) }
}

function readDelete(cursor: Cursor): Action {
  expectWord(cursor, 'FROM')
  if (!isIdentifier(peek(cursor))) throw malformed('Expected identifier for simple path')
  const target = readTarget(cursor)
  if (target.index !== undefined) throw validation('This operation is not supported on an index')
  const where = readWhere(cursor)
  const returning = readReturning(cursor)
  if (returning && (returning.of !== 'ALL' || returning.state !== 'OLD')) {
    throw validation(
      `Invalid returning clause: RETURNING ${returning.of} ${returning.state} *. ` +
        'Only RETURNING ALL OLD * is allowed in DELETE statements.',
    )
  }
  return { kind: 'delete', target, where, returning }
}

function readReturning(cursor: Cursor): Returning | undefined {
  if (!takeWord(cursor, 'RETURNING')) return undefined
  const of = takeWord(cursor, 'MODIFIED') ? 'MODIFIED' : 'ALL'
  if (of === 'ALL') expectWord(cursor, 'ALL')
  const state = takeWord(cursor, 'NEW') ? 'NEW' : 'OLD'
  if (state === 'OLD') expectWord(cursor, 'OLD')
  expectSymbol(cursor, '*')
  return { of, state }
}

function readExists(cursor: Cursor): Action {
  expectSymbol(cursor, '(')
  const { target, where, selected, order } = readSelect(cursor)
  if (selected !== undefined || order.length > 0) throw malformed('Unexpected term')
  expectSymbol(cursor, ')')
  return { kind: 'exists', target, where }
}
