/** Stretches of a partition's log as objects: entries as the log has them, each after its length. */
import { setImmediate } from 'node:timers/promises'
import type { LoggedEntry, Position } from '../log/log.ts'
import type { ObjectStore } from '../objects/objects.ts'
import { chainHash, decodeEntry, type Entry } from '../partition/entry.ts'
import { Damaged, getSealed, type Sealed } from './sealed.ts'

export type Segment = Sealed & { first: Position; last: Position }

export type ReadEntry = { position: Position; entry: Entry }

const LENGTH_SIZE = 4
/** Entries are passed on some at a time: requests come in between. */
const TURN = 20

export function packEntries(entries: LoggedEntry[]): Buffer {
  const pieces: Uint8Array[] = []
  for (const { bytes } of entries) {
    const length = Buffer.allocUnsafe(LENGTH_SIZE)
    length.writeUInt32BE(bytes.length)
    pieces.push(length, bytes)
  }
  return Buffer.concat(pieces)
}

/**
 * The entries after `after`, of segments in order, which may overlap. Errors: Damaged if one is missing, or does not name the one before it.
 */
export async function* readEntries(
  objects: ObjectStore,
  segments: Segment[],
  after: Position,
): AsyncGenerator<ReadEntry> {
  let position = after
  let chain: string | undefined
  for (const segment of segments) {
    if (segment.last <= position) continue
    if (segment.first > position + 1)
      throw new Damaged(`entries from ${position + 1} to ${segment.first - 1} are missing before ${segment.name}`)
    for (const { at, bytes } of unpack(await getSealed(objects, segment), segment)) {
      if (at <= position) continue
      const entry = decodeEntry(bytes)
      if (chain !== undefined && entry.previous !== chain)
        throw new Damaged(`entry ${at} in ${segment.name} does not follow the one before it`)
      chain = chainHash(bytes)
      if (at % TURN === 0) await setImmediate()
      position = at
      yield { position, entry }
    }
  }
}

function* unpack(packed: Buffer, { first, name }: Segment): Generator<{ at: Position; bytes: Buffer }> {
  let at = first
  for (let offset = 0; offset < packed.length; at++) {
    const end =
      offset + LENGTH_SIZE <= packed.length
        ? offset + LENGTH_SIZE + packed.readUInt32BE(offset)
        : Number.POSITIVE_INFINITY
    if (end > packed.length) throw new Damaged(`${name} ends within an entry`)
    yield { at, bytes: packed.subarray(offset + LENGTH_SIZE, end) }
    offset = end
  }
}
