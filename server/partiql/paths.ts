/** Names and document paths in statements. */
import type { Path } from '../expression/bound.ts'
import { MAX_DEPTH } from '../expression/operandparser.ts'
import type { PathSyntax } from '../expression/syntax.ts'
import { validation } from '../model/errors.ts'
import { type Cursor, expectSymbol, malformed, peek, takeSymbol, unexpected } from './cursor.ts'
import { isKeyword } from './keywords.ts'
import type { Token } from './lexer.ts'

const MAX_INDEX = 2 ** 31 - 1

export function isIdentifier({ kind, text }: Token): boolean {
  return kind === 'quoted' || (kind === 'name' && !isKeyword(text))
}

/** Reads a bare or quoted name. */
export function readName(cursor: Cursor): string {
  const token = peek(cursor)
  if (!isIdentifier(token)) throw unexpected(token)
  cursor.at++
  if (token.text === '') throw validation('Path component cannot be an empty string')
  return token.text
}

/** Reads a document path: `a.b[0]."c"`. */
export function readPath(cursor: Cursor): PathSyntax {
  const elements: Path = [readName(cursor)]
  for (;;) {
    if (takeSymbol(cursor, '.')) elements.push(readName(cursor))
    else if (takeSymbol(cursor, '[')) elements.push(readIndex(cursor))
    else break
  }
  if (elements.length > MAX_DEPTH) {
    throw validation(`The document path has too many nesting levels; nesting levels: ${elements.length}`)
  }
  return { kind: 'path', elements, literal: true }
}

function readIndex(cursor: Cursor): number {
  const token = peek(cursor)
  if (token.kind !== 'number' || !/^[0-9]+$/.test(token.text)) throw malformed('Unexpected term')
  cursor.at++
  expectSymbol(cursor, ']')
  const index = Number(token.text)
  if (index > MAX_INDEX) {
    throw validation(`List index is not within the allowable range; index: [${token.text}]`)
  }
  return index
}
