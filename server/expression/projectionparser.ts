/** The text of a projection to its paths. */
import { closeDraft, type Label, openDraft, peek, syntaxError, takeSymbol } from './draft.ts'
import { readPath } from './operandparser.ts'
import type { Parsed, PathSyntax } from './syntax.ts'

const NO_KEYWORDS = new Set<string>()

export function parseProjection(label: Label, text: string): Parsed<PathSyntax[]> {
  const draft = openDraft(label, text)
  const paths: PathSyntax[] = []
  do paths.push(readPath(draft, NO_KEYWORDS))
  while (takeSymbol(draft, ','))
  if (peek(draft).kind !== 'end') throw syntaxError(draft)
  return closeDraft(draft, paths, ['reserved', 'index', 'depth'])
}
