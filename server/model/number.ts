/**
 * DynamoDB's numbers: decimals of up to 38 significant digits, kept as text (facts, section 2.2).
 *
 * "Normalised" text is plain decimal with no superfluous character: `-12.5`, `0.001`, `0`. Two normalised texts are the
 * same number exactly if they are the same text.
 */
import { type DynamoError, validation } from './errors.ts'

const MAX_DIGITS = 38
/** Powers of ten of the first significant digit: 1E-130 .. 9.99E+125. */
const MIN_MAGNITUDE = -130
const MAX_MAGNITUDE = 125

const ZERO = 0x30
const NINE = 0x39
const PLUS = 0x2b
const MINUS = 0x2d
const DOT = 0x2e

/**
 * The normalised text of a number as a client wrote it. Linear in the text's length, however long.
 * @throws ValidationException if the text is no number, is out of range, or has too many digits
 */
export function normalizeNumber(text: string): string {
  if (isShortInteger(text)) return text
  const length = text.length
  const first = text.charCodeAt(0)
  const negative = first === MINUS
  const integerStart = negative || first === PLUS ? 1 : 0
  const integerEnd = skipDigits(text, integerStart)
  const dotted = text.charCodeAt(integerEnd) === DOT
  const fractionStart = dotted ? integerEnd + 1 : integerEnd
  const fractionEnd = dotted ? skipDigits(text, fractionStart) : integerEnd
  const exponent = fractionEnd === length ? 0 : readExponent(text, fractionEnd)
  const hasDigit = integerEnd > integerStart || fractionEnd > fractionStart
  if (!hasDigit || exponent === undefined) throw notNumeric(text)

  const written = text.slice(integerStart, integerEnd) + text.slice(fractionStart, fractionEnd)
  const start = skipZeros(written)
  if (start === written.length) {
    checkMagnitude(exponent)
    return '0'
  }
  const digits = written.slice(start, trimmedEnd(written))
  return print(negative, digits, integerEnd - integerStart - start + exponent)
}

/**
 * Negative, zero or positive, as `a` is less than, equal to or greater than `b`; both normalised.
 */
export function compareNumbers(a: string, b: string): number {
  if (a === b) return 0
  const negative = a.charCodeAt(0) === MINUS
  if (negative !== (b.charCodeAt(0) === MINUS)) return negative ? -1 : 1
  const longer = integerLength(a) - integerLength(b)
  // With integer parts of one length, the digits stand below each other and the order is that of the texts.
  const magnitude = longer !== 0 ? longer : a < b ? -1 : 1
  return negative ? -magnitude : magnitude
}

/**
 * `a + b`, exactly; operands and result are normalised.
 * @throws ValidationException if the sum is out of range or needs more than 38 digits
 */
export function addNumbers(a: string, b: string): string {
  if (isSmallInteger(a) && isSmallInteger(b)) return String(Number(a) + Number(b))
  const places = Math.max(fractionLength(a), fractionLength(b))
  return printScaled(scaled(a, places) + scaled(b, places), places)
}

/**
 * `a - b`, exactly; operands and result are normalised.
 * @throws ValidationException if the difference is out of range or needs more than 38 digits
 */
export function subtractNumbers(a: string, b: string): string {
  if (isSmallInteger(a) && isSmallInteger(b)) return String(Number(a) - Number(b))
  const places = Math.max(fractionLength(a), fractionLength(b))
  return printScaled(scaled(a, places) - scaled(b, places), places)
}

/** Bytes that a normalised number counts for (facts, section 2.4): about one for every two digits, and one. */
export function numberSize(text: string): number {
  if (text === '0') return 1
  const negative = text.charCodeAt(0) === MINUS ? 1 : 0
  const point = text.indexOf('.')
  if (point === -1) return 1 + half(trimmedEnd(text) - negative) + negative
  const fraction = text.length - point - 1
  const wholeIsZero = text.charCodeAt(negative) === ZERO
  if (wholeIsZero) return 1 + half(text.length - skipZeros(text, point + 1)) + negative
  return 1 + half(point - negative) + half(fraction) + negative
}

/** True for most numbers that applications send: they are normal already. */
function isShortInteger(text: string): boolean {
  const length = text.length
  if (length === 0 || length > MAX_DIGITS) return false
  if (text.charCodeAt(0) === ZERO) return length === 1
  return skipDigits(text, 0) === length
}

/** The number after the `e` at `position`, or undefined if what stands there is no exponent to the end of the text. */
function readExponent(text: string, position: number): number | undefined {
  const mark = text[position]
  if (mark !== 'e' && mark !== 'E') return undefined
  const sign = text.charCodeAt(position + 1)
  const start = sign === MINUS || sign === PLUS ? position + 2 : position + 1
  if (start >= text.length || skipDigits(text, start) !== text.length) return undefined
  const size = Number(text.slice(start))
  return sign === MINUS ? -size : size
}

/** Normalised text of 0.`digits` times ten to the `point`; the digits neither begin nor end with a zero. */
function print(negative: boolean, digits: string, point: number): string {
  checkMagnitude(point - 1)
  if (digits.length > MAX_DIGITS) throw validation('Attempting to store more than 38 significant digits in a Number')
  return (negative ? '-' : '') + placePoint(digits, point)
}

function placePoint(digits: string, point: number): string {
  if (point <= 0) return `0.${'0'.repeat(-point)}${digits}`
  if (point >= digits.length) return digits + '0'.repeat(point - digits.length)
  return `${digits.slice(0, point)}.${digits.slice(point)}`
}

function checkMagnitude(magnitude: number): void {
  if (magnitude > MAX_MAGNITUDE) {
    throw validation('Number overflow. Attempting to store a number with magnitude larger than supported range')
  }
  if (magnitude < MIN_MAGNITUDE) {
    throw validation('Number underflow. Attempting to store a number with magnitude smaller than supported range')
  }
}

/** Normalised text of `value` / 10^`places`. */
function printScaled(value: bigint, places: number): string {
  if (value === 0n) return '0'
  const negative = value < 0n
  const digits = (negative ? -value : value).toString()
  return print(negative, digits.slice(0, trimmedEnd(digits)), digits.length - places)
}

/** A normalised number times 10^`places`; `places` are at least the number's own. */
function scaled(text: string, places: number): bigint {
  const missing = places - fractionLength(text)
  return BigInt(text.replace('.', '') + '0'.repeat(missing))
}

/** True if the normalised number and its sum with another such number are exact as a JavaScript number. */
function isSmallInteger(text: string): boolean {
  return text.length <= 15 && !text.includes('.')
}

function integerLength(text: string): number {
  const point = text.indexOf('.')
  return point === -1 ? text.length : point
}

function fractionLength(text: string): number {
  const point = text.indexOf('.')
  return point === -1 ? 0 : text.length - point - 1
}

function half(digits: number): number {
  return (digits + 1) >> 1
}

function skipDigits(text: string, from: number): number {
  let position = from
  for (; position < text.length; position++) {
    const code = text.charCodeAt(position)
    if (code < ZERO || code > NINE) break
  }
  return position
}

function skipZeros(text: string, from = 0): number {
  let position = from
  while (text.charCodeAt(position) === ZERO) position++
  return position
}

/** Where the text ends without its trailing zeros. */
function trimmedEnd(text: string): number {
  let end = text.length
  while (end > 0 && text.charCodeAt(end - 1) === ZERO) end--
  return end
}

function notNumeric(text: string): DynamoError {
  const message = 'The parameter cannot be converted to a numeric value'
  return validation(text === '' ? message : `${message}: ${text}`)
}
