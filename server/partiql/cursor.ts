/** The state of a parser: its place in the text, and what it has collected on the way. */

import type { ValueSyntax } from '../expression/syntax.ts'
import { type DynamoError, validation } from '../model/errors.ts'
import { isKeyword } from './keywords.ts'
import { type Token, tokenize } from './lexer.ts'
import type { Statement, Template } from './syntax.ts'

/** Of parentheses, functions and documents: parsing recurses, and 8,192 characters can nest deeper than the stack is. */
const MAX_NESTING = 128

export type Cursor = {
  text: string
  tokens: Token[]
  /** Index of the token to read next. */
  at: number
  nesting: number
  parameters: number
  constants: Statement['constants']
  sets: Statement['sets']
  /** The complaint about a wrong number of operands, the first of the text. */
  miscount: string | undefined
}

export function openCursor(text: string): Cursor {
  const tokens = tokenize(text)
  return { text, tokens, at: 0, nesting: 0, parameters: 0, constants: new Map(), sets: [], miscount: undefined }
}

export function malformed(detail: string): DynamoError {
  return validation(`Statement wasn't well formed, can't be processed: ${detail}`)
}

/** The complaint about a token where something else must stand. */
export function unexpected({ kind, text }: Token): DynamoError {
  return malformed(kind === 'name' && isKeyword(text) ? 'Unexpected keyword' : 'Unexpected term')
}

/** What `read` reads, one level further in. */
export function nested<T>(cursor: Cursor, read: (cursor: Cursor) => T): T {
  if (++cursor.nesting > MAX_NESTING) throw malformed('Nested too deeply')
  const result = read(cursor)
  cursor.nesting--
  return result
}

export function peek(cursor: Cursor, ahead = 0): Token {
  return cursor.tokens[Math.min(cursor.at + ahead, cursor.tokens.length - 1)]!
}

export function atSymbol(cursor: Cursor, symbol: string, ahead = 0): boolean {
  const token = peek(cursor, ahead)
  return token.kind === 'symbol' && token.text === symbol
}

/** Skips the next token if it is this symbol. */
export function takeSymbol(cursor: Cursor, symbol: string): boolean {
  if (!atSymbol(cursor, symbol)) return false
  cursor.at++
  return true
}

export function expectSymbol(cursor: Cursor, symbol: string): void {
  if (!takeSymbol(cursor, symbol)) throw malformed(`Expected ${symbol}`)
}

/** Whether the next token is this word, in any case. */
export function atWord(cursor: Cursor, word: string, ahead = 0): boolean {
  const token = peek(cursor, ahead)
  return token.kind === 'name' && token.text.toUpperCase() === word
}

/** Skips the next token if it is this word. */
export function takeWord(cursor: Cursor, word: string): boolean {
  if (!atWord(cursor, word)) return false
  cursor.at++
  return true
}

export function expectWord(cursor: Cursor, word: string): void {
  if (!takeWord(cursor, word)) throw malformed(`Expected ${word}`)
}

/** Registers a value that an expression refers to. */
export function addConstant(cursor: Cursor, template: Template): ValueSyntax {
  const name = `:${cursor.constants.size}`
  cursor.constants.set(name, template)
  return { kind: 'value', name }
}
