/**
 * The bytes of a segment file. Pure.
 *
 * ```
 * segment  = magic(7) version(1) group*
 * group    = header(32) record*                 what one write to the disk holds: all of it is durable, or none of it counts
 * header   = magic(4) payloadLength(4) sequence(6) zero(2) records(4) payloadCrc(4) zero(4) headerCrc(4)
 * record   = partition(16) position(6) length(4) bytes
 * ```
 * Integers are big-endian. Sequences grow by one from group to group over all segments, so that a stale group is recognised.
 */
import { crc32 } from 'node:zlib'
import type { Position } from '../log.ts'

export const SEGMENT_HEADER_SIZE = 8
export const SEGMENT_VERSION = 1
export const GROUP_HEADER_SIZE = 32
const RECORD_HEADER_SIZE = 26
const SEGMENT_MAGIC = Buffer.from('TAVOLOG')
const GROUP_MAGIC = Buffer.from('TVgp')

export type LogRecord = { partition: string; position: Position; bytes: Uint8Array }

/** Where a record's bytes lie, relative to its group's first byte. */
export type RecordPlace = { partition: string; position: Position; offset: number; length: number }

export function segmentHeader(): Buffer {
  return Buffer.concat([SEGMENT_MAGIC, Buffer.from([SEGMENT_VERSION])])
}

/** The format version in a segment's first bytes; undefined if these are not a segment's. */
export function segmentVersion(bytes: Buffer): number | undefined {
  if (bytes.length < SEGMENT_HEADER_SIZE || !bytes.subarray(0, SEGMENT_MAGIC.length).equals(SEGMENT_MAGIC))
    return undefined
  return bytes[SEGMENT_MAGIC.length]
}

export function recordSize(record: LogRecord): number {
  return RECORD_HEADER_SIZE + record.bytes.length
}

/** One group of records, ready to be written, and the places of their bytes in it. */
export function encodeGroup(sequence: number, records: LogRecord[]): { bytes: Buffer; places: RecordPlace[] } {
  let size = GROUP_HEADER_SIZE
  for (const record of records) size += recordSize(record)
  const bytes = Buffer.allocUnsafe(size)
  const places: RecordPlace[] = []
  let at = GROUP_HEADER_SIZE
  for (const { partition, position, bytes: body } of records) {
    bytes.write(partition.replaceAll('-', ''), at, 'hex')
    bytes.writeUIntBE(position, at + 16, 6)
    bytes.writeUInt32BE(body.length, at + 22)
    at += RECORD_HEADER_SIZE
    bytes.set(body, at)
    places.push({ partition, position, offset: at, length: body.length })
    at += body.length
  }
  GROUP_MAGIC.copy(bytes)
  bytes.fill(0, 4, GROUP_HEADER_SIZE)
  bytes.writeUInt32BE(size - GROUP_HEADER_SIZE, 4)
  bytes.writeUIntBE(sequence, 8, 6)
  bytes.writeUInt32BE(records.length, 16)
  bytes.writeUInt32BE(crc32(bytes.subarray(GROUP_HEADER_SIZE)), 20)
  bytes.writeUInt32BE(crc32(bytes.subarray(0, GROUP_HEADER_SIZE - 4)), GROUP_HEADER_SIZE - 4)
  return { bytes, places }
}

export type DecodedGroup = { sequence: number; size: number; places: RecordPlace[] }

/** The group at `offset`; `end` where nothing was ever written; `damaged` where something was, and is not whole. */
export function decodeGroup(segment: Buffer, offset: number): DecodedGroup | 'end' | 'damaged' {
  const header = segment.subarray(offset, offset + GROUP_HEADER_SIZE)
  if (header.every(byte => byte === 0)) return isZero(segment, offset) ? 'end' : 'damaged'
  if (header.length < GROUP_HEADER_SIZE || !header.subarray(0, 4).equals(GROUP_MAGIC)) return 'damaged'
  if (crc32(header.subarray(0, GROUP_HEADER_SIZE - 4)) !== header.readUInt32BE(GROUP_HEADER_SIZE - 4)) return 'damaged'
  const size = GROUP_HEADER_SIZE + header.readUInt32BE(4)
  if (offset + size > segment.length) return 'damaged'
  if (crc32(segment.subarray(offset + GROUP_HEADER_SIZE, offset + size)) !== header.readUInt32BE(20)) return 'damaged'
  return { sequence: header.readUIntBE(8, 6), size, places: decodePlaces(segment, offset, size) }
}

function decodePlaces(segment: Buffer, group: number, size: number): RecordPlace[] {
  const places: RecordPlace[] = []
  let at = GROUP_HEADER_SIZE
  while (at < size) {
    const partition = toUuid(segment.toString('hex', group + at, group + at + 16))
    const position = segment.readUIntBE(group + at + 16, 6)
    const length = segment.readUInt32BE(group + at + 22)
    places.push({ partition, position, offset: at + RECORD_HEADER_SIZE, length })
    at += RECORD_HEADER_SIZE + length
  }
  return places
}

/** Whether a whole group begins anywhere at or after `offset`: then damage before it is not a torn tail. */
export function hasGroupAfter(segment: Buffer, offset: number): boolean {
  for (let at = segment.indexOf(GROUP_MAGIC, offset); at >= 0; at = segment.indexOf(GROUP_MAGIC, at + 1)) {
    if (typeof decodeGroup(segment, at) === 'object') return true
  }
  return false
}

function isZero(bytes: Buffer, offset: number): boolean {
  for (let at = offset; at < bytes.length; at++) if (bytes[at] !== 0) return false
  return true
}

function toUuid(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
