/** What the leader of a table's partition asks of the leader of an index's. */
import type { FeedRow } from '../../replica/feed.ts'
import { image, json, list, nothing, optional } from '../codecs.ts'
import { type Codec, method } from '../method.ts'

const optionalImage = optional(image)

const row: Codec<FeedRow> = {
  write(out, { key, image }) {
    out.bytes(key)
    optionalImage.write(out, image)
  },
  read: fields => ({ key: fields.bytes(), image: optionalImage.read(fields) }),
}

const rows = list(row)

type Feed = { source: string; position: number; rows: FeedRow[] }

const feedOf: Codec<Feed> = {
  write(out, feed) {
    out.text(feed.source)
    out.number(feed.position)
    rows.write(out, feed.rows)
  },
  read: fields => ({ source: fields.text(), position: fields.number(), rows: rows.read(fields) }),
}

export const feed = method('feed', feedOf, nothing, (leader, { source, position, rows }) =>
  leader.feed(source, position, rows),
)
export const consumed = method('consumed', json<string>(), json<number>(), (leader, source) => leader.consumed(source))
