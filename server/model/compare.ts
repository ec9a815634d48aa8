/** Equality and order of validated values (facts, section 2.3). Values of different types are neither equal nor ordered. */
import type { AttributeValue, Item } from './item.ts'
import { typeOf } from './item.ts'
import { compareNumbers } from './number.ts'

/** Deep equality; the order of a set's members does not matter. */
export function equalValues(a: AttributeValue, b: AttributeValue): boolean {
  const type = typeOf(a)
  if (type !== typeOf(b)) return false
  switch (type) {
    case 'NULL':
      return true
    case 'L':
      return equalLists(a.L!, b.L!)
    case 'M':
      return equalMaps(a.M!, b.M!)
    case 'SS':
    case 'NS':
    case 'BS':
      return equalSets(a[type]!, b[type]!)
    default:
      return a[type] === b[type]
  }
}

/**
 * Negative, zero or positive: numbers by value, strings by their UTF-8 bytes, binary by unsigned bytes.
 * Undefined if the types differ or have no order.
 */
export function compareScalars(a: AttributeValue, b: AttributeValue): number | undefined {
  if (a.S !== undefined) return b.S === undefined ? undefined : compareStrings(a.S, b.S)
  if (a.N !== undefined) return b.N === undefined ? undefined : compareNumbers(a.N, b.N)
  if (a.B !== undefined) return b.B === undefined ? undefined : compareBinary(a.B, b.B)
  return undefined
}

/** Order of UTF-8 bytes, which is that of code points, without encoding. */
function compareStrings(a: string, b: string): number {
  if (a === b) return 0
  const shorter = Math.min(a.length, b.length)
  let i = 0
  while (i < shorter && a.charCodeAt(i) === b.charCodeAt(i)) i++
  if (i === shorter) return a.length - b.length
  // The texts may part inside a surrogate pair, which is one code point.
  const inPair = i > 0 && isHighSurrogate(a, i - 1) && (isLowSurrogate(a, i) || isLowSurrogate(b, i))
  const start = inPair ? i - 1 : i
  return a.codePointAt(start)! - b.codePointAt(start)!
}

function isHighSurrogate(text: string, position: number): boolean {
  return (text.charCodeAt(position) & 0xfc00) === 0xd800
}

function isLowSurrogate(text: string, position: number): boolean {
  return (text.charCodeAt(position) & 0xfc00) === 0xdc00
}

/** Decodes no more of the longer one than the shorter one has: a large constant is compared with many items. */
function compareBinary(a: string, b: string): number {
  if (a === b) return 0
  const shorter = Math.min(a.length, b.length)
  const order = Buffer.compare(bytes(a, shorter), bytes(b, shorter))
  return order === 0 ? a.length - b.length : order
}

/** Of the first characters of base64, a multiple of four. */
function bytes(base64: string, characters: number): Buffer {
  return Buffer.from(base64.slice(0, characters), 'base64')
}

function equalLists(a: AttributeValue[], b: AttributeValue[]): boolean {
  return a.length === b.length && a.every((element, i) => equalValues(element, b[i]!))
}

function equalMaps(a: Item, b: Item): boolean {
  const names = Object.keys(a)
  if (names.length !== memberCount(b)) return false
  return names.every(name => Object.hasOwn(b, name) && equalValues(a[name]!, b[name]!))
}

const counts = new WeakMap<Item, number>()

/** Counted once: to look through all names of a large constant for each item of a page would take minutes. */
function memberCount(map: Item): number {
  let count = counts.get(map)
  if (count === undefined) counts.set(map, (count = Object.keys(map).length))
  return count
}

function equalSets(a: string[], b: string[]): boolean {
  if (a.length !== b.length) return false
  const members = new Set(b)
  return a.every(member => members.has(member))
}
