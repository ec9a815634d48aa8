/** How the parts of questions and answers travel. What users name and write goes as JSON text, keys as their bytes. */

import type { RangeRequest, WriteOutcome } from '../partition/command.ts'
import type { Action } from '../partition/transaction.ts'
import type { Image, Page } from '../store/rows.ts'
import type { Codec } from './method.ts'

export const nothing: Codec<void> = { write() {}, read() {} }

export const bytes: Codec<Buffer> = {
  write: (out, value) => out.bytes(value),
  read: fields => fields.bytes(),
}

/** Well-formed text, as JSON is; a lone surrogate would not come through. */
export const text: Codec<string> = { write: (out, value) => out.text(value), read: fields => fields.text() }

/** Plain data without buffers. An undefined member comes back as an absent one. */
export function json<T>(): Codec<T> {
  return { write: (out, value) => out.json(value), read: fields => fields.json<T>() }
}

export function optional<T>(inner: Codec<T>): Codec<T | undefined> {
  return {
    write(out, value) {
      out.u8(value === undefined ? 0 : 1)
      if (value !== undefined) inner.write(out, value)
    },
    read: fields => (fields.u8() === 0 ? undefined : inner.read(fields)),
  }
}

export function list<T>(inner: Codec<T>): Codec<T[]> {
  return {
    write(out, values) {
      out.u32(values.length)
      for (const value of values) inner.write(out, value)
    },
    read: fields => Array.from({ length: fields.count() }, () => inner.read(fields)),
  }
}

export const image: Codec<Image> = {
  write(out, { json, size }) {
    out.u32(size)
    out.text(json)
  },
  read(fields) {
    const size = fields.u32()
    return { json: fields.text(), size }
  },
}

const images = list(image)

/** Whether the page's rows come as one text, and whether it is cut. */
const SPLICED = 1
const CUT = 2

export const page: Codec<Page> = {
  write(out, { rows, spliced, bytes, cut }) {
    out.u8((spliced ? SPLICED : 0) | (cut ? CUT : 0))
    out.number(bytes)
    if (!spliced) return images.write(out, rows)
    out.u32(spliced.count)
    out.text(spliced.text)
  },
  read(fields) {
    const flags = fields.u8()
    const bytes = fields.number()
    const cut = (flags & CUT) !== 0
    if ((flags & SPLICED) === 0) return { rows: images.read(fields), bytes, cut }
    const count = fields.u32()
    return { rows: [], spliced: { text: fields.text(), count }, bytes, cut }
  },
}

const REVERSE = 1
const SPLICE = 2
const AFTER = 4
const LIMIT = 8
const INDEX = 16

export const rangeRequest: Codec<RangeRequest> = {
  write(out, { index, from, to, after, reverse, limit, maxBytes, splice }) {
    const given = (after ? AFTER : 0) | (limit === undefined ? 0 : LIMIT) | (index === undefined ? 0 : INDEX)
    out.u8((reverse ? REVERSE : 0) | (splice ? SPLICE : 0) | given)
    out.bytes(from)
    out.bytes(to)
    out.number(maxBytes)
    if (after) out.bytes(after)
    if (limit !== undefined) out.number(limit)
    if (index !== undefined) out.text(index)
  },
  read(fields) {
    const flags = fields.u8()
    const range: RangeRequest = { from: fields.bytes(), to: fields.bytes(), maxBytes: fields.number() }
    if (flags & AFTER) range.after = fields.bytes()
    if (flags & LIMIT) range.limit = fields.number()
    if (flags & INDEX) range.index = fields.text()
    if (flags & REVERSE) range.reverse = true
    if (flags & SPLICE) range.splice = true
    return range
  },
}

/** A write, or a transaction's check. */
export function command<C extends Action>(): Codec<C> {
  return {
    write(out, { key, ...rest }) {
      out.bytes(key)
      out.json(rest)
    },
    read(fields) {
      const key = fields.bytes()
      return Object.assign(fields.json<Omit<C, 'key'>>(), { key }) as C
    },
  }
}

export const actions = list(command<Action>())

const optionalAttributes = optional(text)

export const writeOutcome: Codec<WriteOutcome> = {
  write(out, { attributes, units }) {
    optionalAttributes.write(out, attributes)
    out.json(units)
  },
  read(fields) {
    const attributes = optionalAttributes.read(fields)
    const units = fields.json<WriteOutcome['units']>()
    return attributes === undefined ? { units } : { attributes, units }
  },
}
