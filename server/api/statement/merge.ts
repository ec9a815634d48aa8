/** One page of a SELECT over several partition keys in the order of their sort keys: all Queries at once, merged. */
import { readUnits } from '../../capacity/units.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import { rowKey } from '../../codec/key.ts'
import { type KeyRange, rangeUnder } from '../../codec/range.ts'
import type { Item } from '../../model/item.ts'
import type { Image, Page } from '../../partition/command.ts'
import { evaluatePage, PAGE_SIZE, type RowView, viewedTexts } from '../item/page.ts'
import { sourceKey } from '../item/source.ts'
import { rangeOf, type Walk, type Walked } from './walk.ts'

/** How many rows of a partition key are read at a time. What is read and not returned is not charged. */
const CHUNK = 100

/** `rank`: the encoded sort key. */
type Row = { image: Image; rank: Buffer }

/** The rows under one partition key, as far as they are read. Of equal ranks the earlier stream's come first. */
type Stream = {
  range: KeyRange
  /** The encoded partition key. */
  start: Buffer
  rows: Row[]
  /** The encoded key of the last row read. */
  after: Buffer | undefined
  more: boolean
  /** Sum of the sizes of the rows taken. */
  bytes: number
}

/** @param starts the encoded partition keys, one for each range */
export async function walkMerged(cluster: Cluster, view: RowView, walk: Walk, starts: Buffer[]): Promise<Walked> {
  const streams = openStreams(walk, starts)
  const page = await takePage(cluster, view, streams, walk)
  const units = streams.reduce((sum, { bytes }) => sum + readUnits(bytes, view.consistent), 0)
  const evaluated = await evaluatePage(cluster, view, page, units)
  return { texts: viewedTexts(evaluated.images, view), last: evaluated.last, units: evaluated.units }
}

function openStreams({ ranges, after, reverse }: Walk, starts: Buffer[]): Stream[] {
  const fresh = { rows: [], more: true, bytes: 0 }
  if (after === undefined) {
    return ranges.map((range, i) => ({ ...fresh, range, start: starts[i]!, after: undefined }))
  }
  const last = rangeOf(ranges, after.key)
  const rank = after.key.subarray(starts[last]!.length, after.stem)
  return ranges.map((range, i) => {
    const start = starts[i]!
    if (i === last) return { ...fresh, range, start, after: after.key }
    const equal = rangeUnder(Buffer.concat([start, rank]))
    return { ...fresh, range: restOf(range, equal, i > last, reverse), start, after: undefined }
  })
}

/** What is left of a range from a rank on, which is left itself if `inclusive`. */
function restOf(range: KeyRange, equal: KeyRange, inclusive: boolean, reverse: boolean): KeyRange {
  const bound = inclusive === reverse ? equal.to : equal.from
  if (reverse) return { from: range.from, to: Buffer.compare(bound, range.to) < 0 ? bound : range.to }
  return { from: Buffer.compare(bound, range.from) > 0 ? bound : range.from, to: range.to }
}

async function takePage(cluster: Cluster, view: RowView, streams: Stream[], { reverse, limit }: Walk): Promise<Page> {
  const page: Page = { rows: [], bytes: 0, cut: false }
  await Promise.all(streams.map(stream => refill(cluster, view, stream, reverse)))
  while (!page.cut) {
    const next = nextStream(streams, reverse)
    if (next === undefined) break
    const { image } = next.rows.shift()!
    page.rows.push(image)
    page.bytes += image.size
    next.bytes += image.size
    page.cut = page.rows.length === limit || page.bytes >= PAGE_SIZE
    if (next.rows.length === 0 && !page.cut) await refill(cluster, view, next, reverse)
  }
  return page
}

/** The stream whose row comes next. */
function nextStream(streams: Stream[], reverse: boolean): Stream | undefined {
  let next: Stream | undefined
  for (const stream of streams) {
    if (stream.rows.length === 0) continue
    const order = next === undefined ? 0 : Buffer.compare(stream.rows[0]!.rank, next.rows[0]!.rank)
    if (next === undefined || (reverse ? order > 0 : order < 0)) next = stream
  }
  return next
}

async function refill(cluster: Cluster, view: RowView, stream: Stream, reverse: boolean): Promise<void> {
  if (!stream.more) return
  const { source, consistent } = view
  const { range, start, after } = stream
  const request = { ...range, after, reverse, limit: CHUNK, maxBytes: PAGE_SIZE }
  const page = await cluster.items.range(source.table, source.target, request, consistent)
  const items = page.rows.map(image => JSON.parse(image.json) as Item)
  stream.rows = page.rows.map((image, i) => ({
    image,
    rank: rowKey(source.key, items[i]!).subarray(start.length),
  }))
  stream.after = items.length === 0 ? after : sourceKey(source, items.at(-1)!)
  stream.more = page.cut
}
