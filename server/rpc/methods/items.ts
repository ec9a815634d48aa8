/** Rows: what a PartitionLeader does. */
import type { RangeRequest, WriteCommand } from '../../partition/command.ts'
import type { PartitionStatistics } from '../../replica/leader.ts'
import type { RowRange } from '../../store/rows.ts'
import { bytes, command, image, json, nothing, optional, page, writeOutcome } from '../codecs.ts'
import { type Codec, method, onceOnly } from '../method.ts'

const REVERSE = 1
const SPLICE = 2
const AFTER = 4
const LIMIT = 8
const INDEX = 16

const range: Codec<RangeRequest> = {
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
    const range: RowRange & { index?: string } = { from: fields.bytes(), to: fields.bytes(), maxBytes: fields.number() }
    if (flags & AFTER) range.after = fields.bytes()
    if (flags & LIMIT) range.limit = fields.number()
    if (flags & INDEX) range.index = fields.text()
    if (flags & REVERSE) range.reverse = true
    if (flags & SPLICE) range.splice = true
    return range
  },
}

export const get = method('get', bytes, optional(image), (leader, key) => leader.get(key))
export const readRange = method('range', range, page, (leader, request) => leader.range(request))
export const write = onceOnly('write', command<WriteCommand>(), writeOutcome, (leader, request) =>
  leader.write(request),
)
export const statistics = method('statistics', nothing, json<PartitionStatistics>(), leader => leader.statistics())
export const fed = method('fed', json<string>(), nothing, async (leader, index) => void (await leader.fed(index)))
