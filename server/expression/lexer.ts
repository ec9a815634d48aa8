/** Expression text to tokens. */

export type TokenKind =
  /** A bare attribute name, a function name or a keyword. */
  | 'name'
  /** `#name` */
  | 'nameRef'
  /** `:value` */
  | 'valueRef'
  | 'number'
  /** An operator, a bracket, or a single character that belongs to nothing. */
  | 'symbol'
  | 'end'

/** `start` and `end` are offsets into the text. */
export type Token = { kind: TokenKind; text: string; start: number; end: number }

const TOKEN = /[ \t\r\n]*(?:([A-Za-z]\w*)|(#\w+)|(:\w+)|([0-9]+)|(<>|<=|>=|[^ \t\r\n]))/uy
const KINDS: TokenKind[] = ['name', 'nameRef', 'valueRef', 'number', 'symbol']

/** All tokens, and last one of kind `end`, whose text is the one that messages show. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let end = 0
  TOKEN.lastIndex = 0
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const group = match.findIndex((part, index) => index > 0 && part !== undefined)
    const token = match[group]!
    end = TOKEN.lastIndex
    tokens.push({ kind: KINDS[group - 1]!, text: token, start: end - token.length, end })
  }
  tokens.push({ kind: 'end', text: '<EOF>', start: end, end })
  return tokens
}
