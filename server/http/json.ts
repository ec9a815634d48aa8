/** Request bodies as JSON objects. */
import { isUtf8 } from 'node:buffer'
import { tooDeep } from '../api/shape/attribute-value.ts'
import type { JsonObject } from '../api/shape/scalar.ts'
import { service } from '../model/errors.ts'

/** Bodies up to this size parse quickly, however they nest; larger ones are looked at first. */
const HARMLESS_BYTES = 64 * 1024

/** No operation takes input half as deep. Parsing millions of levels would take seconds, and nothing else would run. */
const MAX_DEPTH = 1000

const BLANK = 0x20
const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/**
 * The object that the body holds.
 * Errors: a bare SerializationException if it holds none; ValidationException if it nests without end.
 */
export function parseObject(body: Buffer): JsonObject {
  if (body.find(byte => byte > BLANK) !== OPEN_BRACE || !isUtf8(body)) throw service('SerializationException')
  if (body.length > HARMLESS_BYTES && nestsDeeper(body, MAX_DEPTH)) throw tooDeep()
  return parse(body.toString())
}

function parse(text: string): JsonObject {
  try {
    return JSON.parse(text)
  } catch {
    throw service('SerializationException')
  }
}

function nestsDeeper(body: Buffer, limit: number): boolean {
  let depth = 0
  for (let i = 0; i < body.length; i++) {
    const byte = body[i]
    if (byte === QUOTE) i = endOfString(body, i)
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (++depth > limit) return true
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--
  }
  return false
}

/** The position of the closing quote. */
function endOfString(body: Buffer, start: number): number {
  let i = start + 1
  while (i < body.length && body[i] !== QUOTE) i += body[i] === BACKSLASH ? 2 : 1
  return i
}
