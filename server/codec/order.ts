/**
 * Scalars as bytes whose order (memcmp) is DynamoDB's order of the values. Every encoding ends by itself, so encodings
 * can be strung together, and no two values share one.
 *
 * - S: UTF-8, and B: the bytes; 0x00 is written 0x00 0xFF, and the end 0x00 0x00.
 * - N: a sign byte; then, unless zero, the exponent to base 100, the digits in pairs, each plus one, and 0x00.
 *   A negative number has all but its sign byte inverted.
 */
import type { AttributeValue } from '../model/item.ts'

/** Bytes being strung together: those of `bytes` before `length`. */
export type KeyWriter = { bytes: Buffer; length: number }

const NEGATIVE = 1
const ZERO = 2
const POSITIVE = 3
/** The exponents to base 100 go from -65 to 62. */
const EXPONENT_BIAS = 65
/** Of an encoded number: sign, exponent, 20 pairs of digits, end. */
const MAX_NUMBER_SIZE = 23

const DIGIT_ZERO = 0x30
const MINUS = 0x2d
const DOT = 0x2e

/** Up to this length a loop in JavaScript is quicker than a call into the runtime. */
const SHORT = 32

/** Keys are written here and copied out, whole. Nothing is kept here between two keys. */
const scratch: KeyWriter = { bytes: Buffer.allocUnsafe(16_384), length: 0 }

/** Starts a key; to be ended by `finishKey` before another is started. */
export function startKey(): KeyWriter {
  scratch.length = 0
  return scratch
}

/** A copy of what was written. */
export function finishKey(writer: KeyWriter): Buffer {
  const key = Buffer.allocUnsafe(writer.length)
  writer.bytes.copy(key, 0, 0, writer.length)
  return key
}

/** The encodings of S, N or B values, one after the other. */
export function encodeValues(values: AttributeValue[]): Buffer {
  const writer = startKey()
  for (const value of values) writeValue(writer, value)
  return finishKey(writer)
}

/** Appends the encoding of an S, N or B value. */
export function writeValue(writer: KeyWriter, value: AttributeValue): void {
  if (value.N !== undefined) writeNumber(writer, value.N)
  else {
    writeStart(writer, value)
    reserve(writer, 2)
    writer.bytes[writer.length++] = 0
    writer.bytes[writer.length++] = 0
  }
}

/** Appends what the encodings of all S or B values that begin with this one begin with. */
export function writeStart(writer: KeyWriter, value: AttributeValue): void {
  if (value.S !== undefined) writeString(writer, value.S)
  else writeBinary(writer, Buffer.from(value.B!, 'base64'))
}

/** Makes room for so many more bytes. */
export function reserve(writer: KeyWriter, room: number): void {
  const needed = writer.length + room
  if (needed <= writer.bytes.length) return
  const larger = Buffer.allocUnsafe(needed * 2)
  larger.set(writer.bytes.subarray(0, writer.length))
  writer.bytes = larger
}

function writeString(writer: KeyWriter, text: string): void {
  reserve(writer, text.length * 3)
  if (text.length <= SHORT && writeAscii(writer, text)) return
  if (text.isWellFormed() && !text.includes('\0')) writer.length += writer.bytes.write(text, writer.length)
  else writeCodePoints(writer, text)
}

/** Returns false, with nothing written, if there is more in the text than ASCII without NUL. */
function writeAscii(writer: KeyWriter, text: string): boolean {
  const { bytes, length } = writer
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0 || code > 0x7f) return false
    bytes[length + i] = code
  }
  writer.length = length + text.length
  return true
}

/** UTF-8 with NUL escaped. A lone surrogate, for which UTF-8 has no form, gets the three bytes of its number (WTF-8). */
function writeCodePoints(writer: KeyWriter, text: string): void {
  const { bytes } = writer
  let end = writer.length
  for (const character of text) {
    const code = character.codePointAt(0)!
    if (code === 0) {
      bytes[end++] = 0
      bytes[end++] = 0xff
    } else if (code < 0x80) bytes[end++] = code
    else {
      if (code < 0x800) bytes[end++] = 0xc0 | (code >> 6)
      else {
        if (code < 0x10000) bytes[end++] = 0xe0 | (code >> 12)
        else {
          bytes[end++] = 0xf0 | (code >> 18)
          bytes[end++] = 0x80 | ((code >> 12) & 0x3f)
        }
        bytes[end++] = 0x80 | ((code >> 6) & 0x3f)
      }
      bytes[end++] = 0x80 | (code & 0x3f)
    }
  }
  writer.length = end
}

function writeBinary(writer: KeyWriter, data: Buffer): void {
  reserve(writer, data.length * 2)
  const { bytes } = writer
  let end = writer.length
  for (const byte of data) {
    bytes[end++] = byte
    if (byte === 0) bytes[end++] = 0xff
  }
  writer.length = end
}

/** `text` is normalised. */
function writeNumber(writer: KeyWriter, text: string): void {
  reserve(writer, MAX_NUMBER_SIZE)
  const { bytes } = writer
  if (text === '0') {
    bytes[writer.length++] = ZERO
    return
  }
  const negative = text.charCodeAt(0) === MINUS
  bytes[writer.length++] = negative ? NEGATIVE : POSITIVE
  const start = writer.length
  writeMagnitude(writer, text, negative ? 1 : 0)
  if (negative) for (let i = start; i < writer.length; i++) bytes[i] = ~bytes[i]!
}

/** Exponent, digits and end of the non-zero number that stands in `text` from `start`. */
function writeMagnitude(writer: KeyWriter, text: string, start: number): void {
  const { bytes } = writer
  const dot = text.indexOf('.', start)
  const point = dot === -1 ? text.length : dot
  let position = start
  while (isZeroOrDot(text, position)) position++
  let last = text.length
  while (isZeroOrDot(text, last - 1)) last--

  /** Power of ten of the first significant digit. */
  const magnitude = position < point ? point - position - 1 : point - position
  bytes[writer.length++] = (magnitude >> 1) + EXPONENT_BIAS
  /** The first digit of a pair, already times ten, or -1 between pairs. A pair begins at an odd power of ten. */
  let pending = (magnitude & 1) === 0 ? 0 : -1
  for (; position < last; position++) {
    if (position === dot) continue
    const digit = text.charCodeAt(position) - DIGIT_ZERO
    if (pending === -1) pending = digit * 10
    else {
      bytes[writer.length++] = pending + digit + 1
      pending = -1
    }
  }
  if (pending !== -1) bytes[writer.length++] = pending + 1
  bytes[writer.length++] = 0
}

function isZeroOrDot(text: string, position: number): boolean {
  const code = text.charCodeAt(position)
  return code === DIGIT_ZERO || code === DOT
}
