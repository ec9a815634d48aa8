/** Paths and the beginnings of operands, which all kinds of expressions share. */
import type { Path } from './bound.ts'
import { atSymbol, type Draft, expectSymbol, noteFault, peek, syntaxError, takeSymbol } from './draft.ts'
import { isReservedWord } from './reserved.ts'
import type { PathSyntax, ValueSyntax } from './syntax.ts'

export const MAX_DEPTH = 32
const MAX_INDEX = 2 ** 31 - 1

/** A parenthesis that opens, or the name and the parenthesis of a function call. */
export type Opening = { kind: 'open'; call?: string }

/**
 * Reads a path or a value, or no further than what opens a group: nesting is up to the caller, who must not recurse,
 * since 4,096 characters can nest deeper than the stack is.
 */
export function readOperand(draft: Draft, keywords: Set<string>): PathSyntax | ValueSyntax | Opening {
  const token = peek(draft)
  if (token.kind === 'valueRef') return readValue(draft)
  if (takeSymbol(draft, '(')) return { kind: 'open' }
  if (token.kind === 'name' && !keywords.has(token.text.toUpperCase()) && atSymbol(draft, '(', 1)) {
    draft.at += 2
    return { kind: 'open', call: token.text }
  }
  return readPath(draft, keywords)
}

export function readValue(draft: Draft): ValueSyntax {
  const token = peek(draft)
  if (token.kind !== 'valueRef') throw syntaxError(draft)
  draft.at++
  draft.references.add(token.text)
  return { kind: 'value', name: token.text }
}

/** Reads a document path. Its first name must not be a keyword. */
export function readPath(draft: Draft, keywords: Set<string>): PathSyntax {
  const first = peek(draft)
  if (first.kind === 'name' && keywords.has(first.text.toUpperCase())) throw syntaxError(draft)
  const elements: Path = [readName(draft)]
  for (;;) {
    if (takeSymbol(draft, '.')) elements.push(readName(draft))
    else if (takeSymbol(draft, '[')) elements.push(readIndex(draft))
    else break
  }
  if (elements.length > MAX_DEPTH) {
    noteFault(draft, 'depth', `The document path has too many nesting levels; nesting levels: ${elements.length}`)
  }
  return { kind: 'path', elements, literal: !elements.some(isReference) }
}

export function isReference(element: string | number): boolean {
  return typeof element === 'string' && element.startsWith('#')
}

function readName(draft: Draft): string {
  const { kind, text } = peek(draft)
  if (kind === 'nameRef') draft.references.add(text)
  else if (kind !== 'name') throw syntaxError(draft)
  else if (isReservedWord(text)) {
    noteFault(draft, 'reserved', `Attribute name is a reserved keyword; reserved keyword: ${text}`)
  }
  draft.at++
  return text
}

function readIndex(draft: Draft): number {
  const token = peek(draft)
  if (token.kind !== 'number') throw syntaxError(draft)
  draft.at++
  expectSymbol(draft, ']')
  const index = Number(token.text)
  if (index > MAX_INDEX) {
    noteFault(draft, 'index', `List index is not within the allowable range; index: [${token.text}]`)
  }
  return index
}
