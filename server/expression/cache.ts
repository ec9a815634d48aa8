/** Parsed expressions by their text: applications send the same few texts over and over. */

/** Per generation; a parsed text takes some dozens of times its own length. */
const MAX_ENTRIES = 500
const MAX_CHARACTERS = 128 * 1024

/**
 * A parser that remembers. Two generations approximate least-recently-used: what is still in use when the young
 * generation is full is carried over on its next use, the rest is dropped one generation later.
 * Failures are not remembered.
 */
export function remember<Label, Result>(
  parse: (label: Label, text: string) => Result,
): (label: Label, text: string) => Result {
  let young = new Map<string, Result>()
  let old = new Map<string, Result>()
  let characters = 0
  return (label, text) => {
    const known = young.get(text)
    if (known !== undefined) return known
    const result = old.get(text) ?? parse(label, text)
    if (young.size >= MAX_ENTRIES || characters + text.length > MAX_CHARACTERS) {
      old = young
      young = new Map()
      characters = 0
    }
    young.set(text, result)
    characters += text.length
    return result
  }
}
