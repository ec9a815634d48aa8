/** A partition's part of its table's streams: what a ChangeLeader does. */
import type { ChangeRow, ChangesPage, ChangesRequest, ShardState } from '../../partition/command.ts'
import { bytes, json, list, optional, text } from '../codecs.ts'
import { type Codec, method } from '../method.ts'

const sequence: Codec<bigint> = { write: (out, value) => out.bigint(value), read: fields => fields.bigint() }
const optionalSequence = optional(sequence)
const optionalText = optional(text)

const shardState: Codec<ShardState> = {
  write(out, { since, until, trimmed, next }) {
    out.bigint(since)
    optionalSequence.write(out, until)
    out.bigint(trimmed)
    out.bigint(next)
  },
  read(fields) {
    const since = fields.bigint()
    const until = optionalSequence.read(fields)
    return { since, until, trimmed: fields.bigint(), next: fields.bigint() }
  },
}

const changesRequest: Codec<ChangesRequest> = {
  write(out, { from, ...rest }) {
    out.bigint(from)
    out.json(rest)
  },
  read(fields) {
    const from = fields.bigint()
    return { ...fields.json<Omit<ChangesRequest, 'from'>>(), from }
  },
}

type RowFacts = Pick<ChangeRow, 'time' | 'byService' | 'trace'> & Partial<Pick<ChangeRow, 'before' | 'after'>>

const row: Codec<ChangeRow> = {
  write(out, { sequence, key, oldImage, newImage, ...facts }) {
    out.bigint(sequence)
    out.json(facts)
    bytes.write(out, key as Buffer)
    optionalText.write(out, oldImage)
    optionalText.write(out, newImage)
  },
  read(fields) {
    const sequence = fields.bigint()
    const { time, byService, before, after, trace } = fields.json<RowFacts>()
    const key = fields.bytes()
    const oldImage = optionalText.read(fields)
    const newImage = optionalText.read(fields)
    const change = { sequence, time, byService, key, before, after, oldImage, newImage }
    return trace === undefined ? change : { ...change, trace }
  },
}

const rows = list(row)

const changesPage: Codec<ChangesPage> = {
  write(out, page) {
    shardState.write(out, page)
    optionalSequence.write(out, page.resume)
    rows.write(out, page.rows)
  },
  read(fields) {
    const state = shardState.read(fields)
    const resume = optionalSequence.read(fields)
    return { ...state, rows: rows.read(fields), resume }
  },
}

export const shard = method('changes.shard', json<string>(), optional(shardState), ({ changes }, label) =>
  changes.shard(label),
)
export const read = method('changes.read', changesRequest, optional(changesPage), ({ changes }, request) =>
  changes.read(request),
)
