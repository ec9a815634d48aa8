/** From encoded keys (`order.ts`) back to values. */
import { type AttributeValue, type Item, setOwn } from '../model/item.ts'
import { type KeyAttribute, type KeySchema, keyAttributes } from '../model/schema.ts'
import { HASH_SIZE } from './key.ts'

const NEGATIVE = 1
const ZERO = 2
const EXPONENT_BIAS = 65

/** The key attributes of the item whose row has this key. */
export function itemOfRow(table: KeySchema, key: Buffer): Item {
  return decodeAttributes(key, HASH_SIZE, keyAttributes(table))
}

/** Where the encoding of one value that starts at `start` ends. */
export function endOfValue(key: Buffer, start: number, { type }: KeyAttribute): number {
  if (type === 'N') {
    const sign = key[start]!
    return sign === ZERO ? start + 1 : key.indexOf(sign === NEGATIVE ? 0xff : 0, start + 2) + 1
  }
  let end = key.indexOf(0, start)
  while (key[end + 1] === 0xff) end = key.indexOf(0, end + 2)
  return end + 2
}

/** The attributes whose encodings `key` holds from `start` on, one after the other. */
export function decodeAttributes(key: Buffer, start: number, attributes: KeyAttribute[]): Item {
  const item: Item = {}
  let position = start
  for (const attribute of attributes) {
    const end = endOfValue(key, position, attribute)
    setOwn(item, attribute.name, decodeValue(key.subarray(position, end), attribute))
    position = end
  }
  return item
}

function decodeValue(bytes: Buffer, { type }: KeyAttribute): AttributeValue {
  if (type === 'N') return { N: decodeNumber(bytes) }
  const data = unescaped(bytes)
  return type === 'S' ? { S: data.toString() } : { B: data.toString('base64') }
}

/** Without the end, and with 0x00 0xFF as 0x00. */
function unescaped(bytes: Buffer): Buffer {
  const data = Buffer.alloc(bytes.length - 2)
  let length = 0
  for (let i = 0; i < bytes.length - 2; i++) {
    data[length++] = bytes[i]!
    if (bytes[i] === 0) i++
  }
  return data.subarray(0, length)
}

function decodeNumber(bytes: Buffer): string {
  const sign = bytes[0]!
  if (sign === ZERO) return '0'
  const magnitude = [...bytes.subarray(1, -1)].map(byte => (sign === NEGATIVE ? ~byte & 0xff : byte))
  const exponent = magnitude[0]! - EXPONENT_BIAS
  const digits = magnitude.slice(1).map(pair => String(pair - 1).padStart(2, '0'))
  return (sign === NEGATIVE ? '-' : '') + plain(digits.join(''), (exponent + 1) * 2)
}

/** `digits` with the decimal point after the first `point` of them, which may lie outside. */
function plain(digits: string, point: number): string {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0'
  const fraction = point > 0 ? digits.slice(point) : '0'.repeat(-point) + digits
  const trimmed = fraction.replace(/0+$/, '')
  return (whole.replace(/^0+(?=\d)/, '') || '0') + (trimmed === '' ? '' : `.${trimmed}`)
}
