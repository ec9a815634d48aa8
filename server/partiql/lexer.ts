/** Statement text to tokens. */

export type TokenKind =
  /** A bare identifier or a keyword. */
  | 'name'
  /** An identifier in double quotes; `text` is what they hold. */
  | 'quoted'
  /** A string in single quotes; `text` is what they hold. */
  | 'string'
  | 'number'
  /** An operator, a bracket, or a single character that belongs to nothing. */
  | 'symbol'
  | 'end'

/** `start` and `end` are offsets into the statement. */
export type Token = { kind: TokenKind; text: string; start: number; end: number }

const BLANK = /(?:\s|--[^\n]*|\/\*[\s\S]*?\*\/)*/y
const TOKEN =
  /([A-Za-z_$][\w$]*)|"((?:[^"]|"")*)"|'((?:[^']|'')*)'|((?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(<<|>>|<>|!=|<=|>=|\/\*[\s\S]*|[\s\S])/uy
const KINDS: TokenKind[] = ['name', 'quoted', 'string', 'number', 'symbol']

/** All tokens, comments left out, and last one of kind `end`. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let at = skipBlank(text, 0)
  while (at < text.length) {
    TOKEN.lastIndex = at
    const match = TOKEN.exec(text)!
    const group = match.findIndex((part, index) => index > 0 && part !== undefined)
    const kind = KINDS[group - 1]!
    tokens.push({ kind, text: unquote(kind, match[group]!), start: at, end: TOKEN.lastIndex })
    at = skipBlank(text, TOKEN.lastIndex)
  }
  tokens.push({ kind: 'end', text: '', start: text.length, end: text.length })
  return tokens
}

function skipBlank(text: string, at: number): number {
  BLANK.lastIndex = at
  BLANK.exec(text)
  return BLANK.lastIndex
}

/** A quote within quotes is written twice. */
function unquote(kind: TokenKind, text: string): string {
  if (kind === 'string') return text.replaceAll("''", "'")
  return kind === 'quoted' ? text.replaceAll('""', '"') : text
}

/** Where a token stands, as messages show it: `<line>:<column>:<length>`, lines and columns from 1. */
export function positionOf(text: string, { start, end }: Token): string {
  const before = text.slice(0, start)
  const line = before.split('\n').length
  return `${line}:${start - before.lastIndexOf('\n')}:${end - start}`
}
