/** Search for a sequence within another, in linear time. */

/**
 * Up to this length the runtime's own search is linear. Beyond, its worst case is the product of the lengths: measured,
 * 12 s for a text of 400 KB, which a single item can hold.
 */
const SHORT = 250

export function includesText(text: string, needle: string): boolean {
  if (needle.length <= SHORT || needle.length >= text.length) return text.includes(needle)
  return includesSequence(units(text), units(needle))
}

export function includesBytes(bytes: Buffer, needle: Buffer): boolean {
  if (needle.length <= SHORT || needle.length >= bytes.length) return bytes.includes(needle)
  return includesSequence(bytes, needle)
}

type Sequence = Uint16Array | Uint8Array

function units(text: string): Uint16Array {
  const result = new Uint16Array(text.length)
  for (let i = 0; i < text.length; i++) result[i] = text.charCodeAt(i)
  return result
}

/** Knuth, Morris and Pratt's search. */
function includesSequence(sequence: Sequence, needle: Sequence): boolean {
  const borders = bordersOf(needle)
  let matched = 0
  for (const element of sequence) {
    while (matched > 0 && element !== needle[matched]) matched = borders[matched - 1]!
    if (element === needle[matched]) matched++
    if (matched === needle.length) return true
  }
  return false
}

/** For each beginning of the needle, the length of its longest proper beginning that is also its end. */
function bordersOf(needle: Sequence): Uint32Array {
  const borders = new Uint32Array(needle.length)
  let border = 0
  for (let i = 1; i < needle.length; i++) {
    while (border > 0 && needle[i] !== needle[border]) border = borders[border - 1]!
    if (needle[i] === needle[border]) border++
    borders[i] = border
  }
  return borders
}
