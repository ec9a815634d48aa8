/** The state of a parser: its place in the text, and what it has noticed on the way. */
import { type DynamoError, validation } from '../model/errors.ts'
import { type Token, tokenize } from './lexer.ts'
import type { Parsed } from './syntax.ts'

/** The parameter that carries the expression; messages name it. */
export type Label =
  | 'UpdateExpression'
  | 'ConditionExpression'
  | 'KeyConditionExpression'
  | 'FilterExpression'
  | 'ProjectionExpression'

const MAX_BYTES = 4096
const MAX_OPERATORS = 300

/** Faults that do not stop the parser; of each, the first of the text is kept. */
export type Fault = 'parentheses' | 'function' | 'misuse' | 'reserved' | 'section' | 'index' | 'depth' | 'count'

export type Draft = {
  label: Label
  text: string
  tokens: Token[]
  /** Index of the token to read next. */
  at: number
  operators: number
  references: Set<string>
  faults: Partial<Record<Fault, string>>
}

/** Begins to read an expression, unless it is empty or too long. */
export function openDraft(label: Label, text: string): Draft {
  const bytes = Buffer.byteLength(text)
  if (bytes > MAX_BYTES) {
    throw refusal(label, `Expression size has exceeded the maximum allowed size; expression size: ${bytes}`)
  }
  const tokens = tokenize(text)
  if (tokens.length === 1) throw refusal(label, 'The expression can not be empty;')
  return { label, text, tokens, at: 0, operators: 0, references: new Set(), faults: {} }
}

/** Ends reading. Of several faults the first in `order` is the one reported; too many operators come last. */
export function closeDraft<Root>(draft: Draft, root: Root, order: Fault[]): Parsed<Root> {
  for (const fault of order) {
    const text = draft.faults[fault]
    if (text !== undefined) throw refusal(draft.label, text)
  }
  if (draft.operators > MAX_OPERATORS) {
    throw refusal(draft.label, `The expression contains too many operators; operator count: ${draft.operators}`)
  }
  return { root, references: [...draft.references], miscount: draft.faults.count }
}

/** `Invalid <label>: <text>`; a PartiQL statement has no label, and gets the text alone. */
export function refusal(label: Label | undefined, text: string): DynamoError {
  return validation(label === undefined ? text : `Invalid ${label}: ${text}`)
}

export function noteFault(draft: Draft, fault: Fault, text: string): void {
  draft.faults[fault] ??= text
}

/** The complaint about the next token, shown with the tokens around it. */
export function syntaxError(draft: Draft): DynamoError {
  const { tokens, at, text } = draft
  const token = tokens[at]!
  const next = tokens[at + 1]
  const from = (tokens[at - 1] ?? token).start
  const to = (next === undefined || next.kind === 'end' ? token : next).end
  return refusal(draft.label, `Syntax error; token: "${token.text}", near: "${text.slice(from, to)}"`)
}

export function peek(draft: Draft, ahead = 0): Token {
  return draft.tokens[Math.min(draft.at + ahead, draft.tokens.length - 1)]!
}

/** Whether the next token is this symbol. */
export function atSymbol(draft: Draft, symbol: string, ahead = 0): boolean {
  const token = peek(draft, ahead)
  return token.kind === 'symbol' && token.text === symbol
}

/** Skips the next token if it is this symbol. */
export function takeSymbol(draft: Draft, symbol: string): boolean {
  if (!atSymbol(draft, symbol)) return false
  draft.at++
  return true
}

export function expectSymbol(draft: Draft, symbol: string): void {
  if (!takeSymbol(draft, symbol)) throw syntaxError(draft)
}

/** Skips the next token if it is this keyword, in any case. */
export function takeKeyword(draft: Draft, keyword: string): boolean {
  const token = peek(draft)
  if (token.kind !== 'name' || token.text.toUpperCase() !== keyword) return false
  draft.at++
  return true
}
