/** Sizes in bytes as DynamoDB counts them (facts, section 2.4), of validated values. */
import type { AttributeValue, Item } from './item.ts'
import { numberSize } from './number.ts'

/** What a list or a map costs before its first element, and what each element costs beside itself. */
export const DOCUMENT_SIZE = 3
export const ELEMENT_SIZE = 1

/** Up to this length a loop in JavaScript is quicker than a call into the runtime. */
const SHORT = 24

/** Size of an item: names and values. */
export function itemSize(item: Item): number {
  let size = 0
  // Own members only: `for in` over parsed JSON meets no others.
  for (const name in item) size += utf8Size(name) + sizeOf(item[name]!)
  return size
}

/** Size of a value without its name. */
export function sizeOf(value: AttributeValue): number {
  if (value.S !== undefined) return utf8Size(value.S)
  if (value.N !== undefined) return numberSize(value.N)
  if (value.B !== undefined) return base64Size(value.B)
  if (value.L !== undefined) return listSize(value.L)
  if (value.M !== undefined) return mapSize(value.M)
  if (value.SS !== undefined) return sumSizes(value.SS, utf8Size)
  if (value.NS !== undefined) return sumSizes(value.NS, numberSize)
  if (value.BS !== undefined) return sumSizes(value.BS, base64Size)
  return 1
}

/** UTF-8 length of a text; a lone surrogate counts as three bytes. */
export function utf8Size(text: string): number {
  const length = text.length
  if (length > SHORT) return Buffer.byteLength(text)
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) > 0x7f) return Buffer.byteLength(text)
  return length
}

/** Length of what padded base64 stands for. */
export function base64Size(text: string): number {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  return (text.length / 4) * 3 - padding
}

/** Size of a set: that of its members alone. */
export function sumSizes(members: string[], memberSize: (member: string) => number): number {
  let size = 0
  for (const member of members) size += memberSize(member)
  return size
}

function listSize(list: AttributeValue[]): number {
  let size = DOCUMENT_SIZE
  for (const element of list) size += ELEMENT_SIZE + sizeOf(element)
  return size
}

function mapSize(map: Item): number {
  let size = DOCUMENT_SIZE
  for (const name in map) size += ELEMENT_SIZE + utf8Size(name) + sizeOf(map[name]!)
  return size
}
