/** For those who copy a partition: what a PartitionHistory does. */
import type { LoggedEntry, Position } from '../../log/log.ts'
import type { HistoryPage } from '../../replica/history.ts'
import { bytes, image, json, list, nothing, optional } from '../codecs.ts'
import { type Codec, method } from '../method.ts'

const images = list(image)
const optionalBytes = optional(bytes)

const historyPage: Codec<HistoryPage> = {
  write(out, { rows, next, position }) {
    out.number(position)
    optionalBytes.write(out, next)
    images.write(out, rows)
  },
  read(fields) {
    const position = fields.number()
    const next = optionalBytes.read(fields)
    return { rows: images.read(fields), next, position }
  },
}

const entry: Codec<LoggedEntry> = {
  write(out, { position, bytes }) {
    out.number(position)
    out.bytes(bytes)
  },
  read: fields => ({ position: fields.number(), bytes: fields.bytes() }),
}

type EntriesRequest = { after: Position; maxBytes: number }
type RetainRequest = { holder: string; after?: Position }

export const rows = method('history.rows', optionalBytes, historyPage, ({ history }, after) => history.rows(after))
export const entries = method(
  'history.entries',
  json<EntriesRequest>(),
  list(entry),
  ({ history }, { after, maxBytes }) => history.entries(after, maxBytes),
)
export const settled = method('history.settled', json<number>(), json<Position>(), ({ history }, time) =>
  history.settled(time),
)
export const retain = method('history.retain', json<RetainRequest>(), json<Position>(), ({ history }, request) =>
  history.retain(request.holder, request.after),
)
export const release = method('history.release', json<string>(), nothing, ({ history }, holder) =>
  history.release(holder),
)
