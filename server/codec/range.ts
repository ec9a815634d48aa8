/** Ranges of encoded keys. */
import type { AttributeValue } from '../model/item.ts'
import { endHashed, startHashed } from './key.ts'
import { finishKey, type KeyWriter, startKey, writeStart, writeValue } from './order.ts'

/** `from` inclusive, `to` exclusive; empty unless `from` is before `to`. */
export type KeyRange = { from: Buffer; to: Buffer }

/** A condition on one range attribute. `values`: two for BETWEEN, low first, otherwise one; begins_with takes S or B. */
export type RangeCondition = {
  operator: '=' | '<' | '<=' | '>' | '>=' | 'BETWEEN' | 'begins_with'
  values: AttributeValue[]
}

const HASH_COUNT = 2 ** 32

/**
 * All rows whose hash attributes equal `hash` and whose first range attributes satisfy `range`, both in schema order.
 * Rows may go on with further attributes. All conditions but the last are equalities.
 */
export function queryRange(hash: AttributeValue[], range: RangeCondition[]): KeyRange {
  const writer = startKey()
  startHashed(writer)
  for (const value of hash) writeValue(writer, value)
  endHashed(writer)
  for (const equality of range.slice(0, -1)) writeValue(writer, equality.values[0]!)
  const common = finishKey(writer)
  const last = range.at(-1)
  return last === undefined ? rangeUnder(common) : rangeWithin(common, writer, last)
}

/** All rows whose hash is at least `from` and below `to`, of 0 .. 2^32. */
export function hashRange(from: number, to: number): KeyRange {
  return { from: hashBytes(from), to: hashBytes(to) }
}

/** The share of segment `segment`, from 0, of a scan in `total` segments: hashes from `from` to below `to`. */
export function segmentRange(segment: number, total: number): { from: number; to: number } {
  const start = (number: number) => Math.floor((number * HASH_COUNT) / total)
  return { from: start(segment), to: start(segment + 1) }
}

/** Of the keys that begin with `common`, which is also what `writer` holds, those whose next attribute fits. */
function rangeWithin(common: Buffer, writer: KeyWriter, { operator, values }: RangeCondition): KeyRange {
  const [value, high] = values
  const followedBy = (next: AttributeValue, write = writeValue) => {
    writer.length = common.length
    write(writer, next)
    return finishKey(writer)
  }
  switch (operator) {
    case '=':
      return rangeUnder(followedBy(value!))
    case '<':
      return { from: common, to: followedBy(value!) }
    case '<=':
      return { from: common, to: after(followedBy(value!)) }
    case '>':
      return { from: after(followedBy(value!)), to: after(common) }
    case '>=':
      return { from: followedBy(value!), to: after(common) }
    case 'BETWEEN':
      return { from: followedBy(value!), to: after(followedBy(high!)) }
    case 'begins_with':
      return rangeUnder(followedBy(value!, writeStart))
  }
}

/** All keys that begin with `start`. */
export function rangeUnder(start: Buffer): KeyRange {
  return { from: start, to: after(start) }
}

/** The first bytes above all that begin with `start`. No key consists of 0xFF alone, so there always are such. */
function after(start: Buffer): Buffer {
  let last = start.length - 1
  while (start[last] === 0xff) last--
  const bytes = Buffer.from(start.subarray(0, last + 1))
  bytes[last]! += 1
  return bytes
}

/** No key begins with 0xFFFFFFFF (see `hashKey`), which therefore bounds them all. */
function hashBytes(hash: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(Math.min(hash, HASH_COUNT - 1))
  return bytes
}
