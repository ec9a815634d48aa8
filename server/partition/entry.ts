/**
 * The entries of a partition's log. An entry holds effects, never expressions: the leader has evaluated them, and whoever
 * applies it does the same thing to the same rows.
 *
 * INV-P1  Every entry names the hash of the entry before it; one that does not fit is never applied (replica/, applier.ts).
 * INV-P2  Applying needs the state and the entry, nothing else: no clock, no randomness, no I/O, no expression (apply.ts).
 */
import { hash } from 'node:crypto'
// Without its native part, which takes longer to load, and longer for images.
import { Packr } from 'msgpackr/pack'
import { checkFormat, FORMAT } from '../store/format.ts'
import type { Expiry, Image } from '../store/rows.ts'
import type { PartitionSchema } from './schema.ts'
import { decodeStep, encodeStep, type PackedStep, type Step } from './steps.ts'

/** A row that an index loses, gains or keeps with another image. */
export type IndexChange = {
  /** A local index's number, or a global index's id. */
  index: number | string
  remove?: { key: Uint8Array; size: number }
  /** Without `image`, the row is the item itself. `before`: size of the row it replaces; absent if it is new. */
  put?: { key: Uint8Array; image?: Image; before?: number }
}

export type Effect = {
  key: Uint8Array
  /** The row from now on; undefined deletes it. */
  image: Image | undefined
  /** Size of the row before; undefined if there was none. */
  before: number | undefined
  local: IndexChange[]
  global: IndexChange[]
  /** The table's stream gets a record of it, as of a request's change or of the service's own: it deletes what has expired. */
  recorded?: Recorded
  /** If the record shows what was there, and it is told in few words. */
  old?: Difference
  /** Where items may expire: when this one does, in epoch seconds; null if it does not. */
  expires?: number | null
}

export type Recorded = 'request' | 'service'

/**
 * An old image by how it differs from the new one: it has `text` for what comes after the new image's first `start`
 * characters, and before its last `end`. Of an item that is gone it is the text alone.
 */
export type Difference = { start: number; end: number; text: string }

export type EntryBody =
  /** A leader begins: whoever led before can no longer append. */
  | { kind: 'epoch'; node: string }
  /** `time`: the leader's wall clock, epoch milliseconds. Entries of before there were streams have none. */
  | { kind: 'schema'; schema: PartitionSchema; time?: number }
  /** `time`: the leader's wall clock, epoch milliseconds. `steps`: what it means for transactions, if anything. */
  | { kind: 'write'; time: number; effects: Effect[]; steps?: Step[] }
  /** Rows of a new global index, made from the rows up to `cursor`; without a cursor, from the last ones. */
  | { kind: 'backfill'; index: string; rows: { key: Uint8Array; image: Image }[]; cursor: Uint8Array | undefined }
  /** The expiry of items that were there before their table had a time to live, up to `cursor`; without a cursor, of the last ones. */
  | { kind: 'expiries'; rows: Expiry[]; cursor: Uint8Array | undefined }
  /** Change records up to `upTo` are dropped, and the streams of these labels, of which none are left. */
  | { kind: 'trim'; upTo: bigint; streams: string[] }
  /** From here on, log and files are of this format; see store/format.ts. */
  | { kind: 'format'; format: number }
  /** On an index's partition: what partition `source` caused with its entries up to `position`. */
  | { kind: 'feed'; source: string; position: number; effects: Effect[] }

export type Entry = EntryBody & { epoch: number; previous: string }

/** An entry names the oldest format that has what it says. */
const packer = new Packr({ useRecords: false, variableMapSize: true })

export function encodeEntry(entry: Entry): Buffer {
  const { epoch, previous, ...body } = entry
  return packer.pack([versionOf(body), epoch, previous, body.kind, encodeBody(body)])
}

/** Errors: Newer, for an entry of a format after `reads`. */
export function decodeEntry(bytes: Uint8Array, reads = FORMAT): Entry {
  // Keys are what they are cut from, and all that works with them takes them for Buffers; not every log gives these.
  const whole = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const [version, epoch, previous, kind, body] = packer.unpack(whole) as [
    number,
    number,
    string,
    Entry['kind'],
    unknown[],
  ]
  checkFormat('The log holds entries', version, reads)
  return { epoch, previous, ...decodeBody(kind, body) }
}

function versionOf(body: EntryBody): number {
  switch (body.kind) {
    case 'write':
      return body.effects.some(isMarked) ? 3 : body.steps ? 2 : 1
    case 'schema':
      return schemaVersionOf(body.schema)
    case 'expiries':
    case 'trim':
      return 3
    case 'format':
      return body.format
    default:
      return 1
  }
}

function schemaVersionOf({ table, handing, filling, sealed, base, index }: PartitionSchema): number {
  if (handing !== undefined || filling || sealed || base !== undefined || index) return 4
  return table.stream || table.timeToLive !== undefined ? 3 : 1
}

/** What the next entry must call `previous`. */
export function chainHash(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex').slice(0, 32)
}

function encodeBody(body: EntryBody): unknown[] {
  switch (body.kind) {
    case 'epoch':
      return [body.node]
    case 'schema':
      return body.time === undefined ? [JSON.stringify(body.schema)] : [JSON.stringify(body.schema), body.time]
    case 'write':
      return body.steps
        ? [body.time, body.effects.map(encodeEffect), body.steps.map(encodeStep)]
        : [body.time, body.effects.map(encodeEffect)]
    case 'backfill':
      return [body.index, body.rows.map(row => [row.key, row.image.json, row.image.size]), body.cursor ?? null]
    case 'expiries':
      return [body.rows.map(({ key, expires }) => [key, expires]), body.cursor ?? null]
    case 'trim':
      return [body.upTo, body.streams]
    case 'format':
      return [body.format]
    case 'feed':
      return [body.source, body.position, body.effects.map(encodeEffect)]
  }
}

function decodeBody(kind: EntryBody['kind'], body: unknown[]): EntryBody {
  switch (kind) {
    case 'epoch':
      return { kind, node: body[0] as string }
    case 'schema': {
      const schema = JSON.parse(body[0] as string) as PartitionSchema
      return body.length > 1 ? { kind, schema, time: body[1] as number } : { kind, schema }
    }
    case 'write': {
      const [time, effects, steps] = body as [number, PackedEffect[], PackedStep[]?]
      const write = { kind, time, effects: effects.map(decodeEffect) }
      return steps ? { ...write, steps: steps.map(decodeStep) } : write
    }
    case 'backfill': {
      const rows = (body[1] as [Uint8Array, string, number][]).map(([key, json, size]) => ({
        key,
        image: { json, size },
      }))
      return { kind, index: body[0] as string, rows, cursor: (body[2] as Uint8Array | null) ?? undefined }
    }
    case 'expiries': {
      const rows = (body[0] as [Uint8Array, number][]).map(([key, expires]) => ({ key, expires }))
      return { kind, rows, cursor: (body[1] as Uint8Array | null) ?? undefined }
    }
    case 'trim':
      return { kind, upTo: BigInt(body[0] as bigint | number), streams: body[1] as string[] }
    case 'format':
      return { kind, format: body[0] as number }
    case 'feed': {
      const [source, position, effects] = body as [string, number, PackedEffect[]]
      return { kind, source, position, effects: effects.map(decodeEffect) }
    }
  }
}

/**
 * The last ones are there in entries of version 3: 0 for no record; null for an item that does not expire, undefined where
 * none do; and the difference of the old image, which who does not know it finds in the row.
 */
type PackedEffect = [
  Uint8Array,
  string | null,
  number,
  number,
  PackedChange[],
  PackedChange[],
  recorded?: number,
  expires?: number | null,
  start?: number,
  end?: number,
  text?: string,
]
type PackedChange = [number | string, Uint8Array | null, number, Uint8Array | null, string | null, number, number]

/** Sizes are never negative: -1 stands for none. */
function encodeEffect(effect: Effect): PackedEffect {
  const { key, image, before, local, global } = effect
  const [json, size] = [image?.json ?? null, image?.size ?? -1]
  const packed: PackedEffect = [key, json, size, before ?? -1, local.map(encodeChange), global.map(encodeChange)]
  if (!isMarked(effect)) return packed
  packed.push(effect.recorded === undefined ? 0 : RECORDED.indexOf(effect.recorded) + 1)
  if (effect.expires !== undefined || effect.old) packed.push(effect.expires)
  if (effect.old) packed.push(effect.old.start, effect.old.end, effect.old.text)
  return packed
}

const RECORDED: Recorded[] = ['request', 'service']

function isMarked({ recorded, expires }: Effect): boolean {
  return recorded !== undefined || expires !== undefined
}

function decodeEffect(packed: PackedEffect): Effect {
  const [key, json, size, before, local, global, recorded, expires, start, end, text] = packed
  const effect: Effect = {
    key,
    image: json === null ? undefined : { json, size },
    before: before < 0 ? undefined : before,
    local: local.map(decodeChange),
    global: global.map(decodeChange),
  }
  if (recorded) effect.recorded = RECORDED[recorded - 1]
  if (text !== undefined) effect.old = { start: start!, end: end!, text }
  if (expires !== undefined) effect.expires = expires
  return effect
}

function encodeChange({ index, remove, put }: IndexChange): PackedChange {
  const image = put?.image
  return [
    index,
    remove?.key ?? null,
    remove?.size ?? -1,
    put?.key ?? null,
    image?.json ?? null,
    image?.size ?? -1,
    put?.before ?? -1,
  ]
}

function decodeChange([index, removed, removedSize, key, json, size, before]: PackedChange): IndexChange {
  const change: IndexChange = { index }
  if (removed) change.remove = { key: removed, size: removedSize }
  if (key) {
    change.put = { key }
    if (json !== null) change.put.image = { json, size }
    if (before >= 0) change.put.before = before
  }
  return change
}
