/** One page of a SELECT over several partition keys in the order of their sort keys: all Queries at once, merged. */
import { readUnits } from '../../capacity/units.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import type { KeyRange } from '../../codec/range.ts'
import type { Item } from '../../model/item.ts'
import type { Image, Page } from '../../partition/command.ts'
import { evaluatePage, PAGE_SIZE, type RowView, viewedTexts } from '../item/page.ts'
import { sourceKey } from '../item/source.ts'
import { rangeOf, type Walk, type Walked } from './walk.ts'

/** How many rows of a partition key are read at a time. What is read and not returned is not charged. */
const CHUNK = 100

type Row = {
  image: Image
  /** What follows the partition key in the row's encoded key. */
  tail: Buffer
}

/** The rows under one partition key, as far as they are read. */
type Stream = {
  range: KeyRange
  /** The encoded partition key. */
  start: Buffer
  rows: Row[]
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
  const last = after === undefined ? -1 : rangeOf(ranges, after)
  return ranges.map((range, i) => {
    const start = starts[i]!
    const rest =
      after === undefined ? range : restOf(range, start, after.subarray(starts[last]!.length), reverse, i > last)
    return { range: rest, start, rows: [], more: true, bytes: 0 }
  })
}

/** What is left of a range after a row with that tail; of equal tails the earlier stream's come first. */
function restOf(range: KeyRange, start: Buffer, tail: Buffer, reverse: boolean, inclusive: boolean): KeyRange {
  const zero = inclusive === reverse ? [Buffer.of(0)] : []
  const bound = Buffer.concat([start, tail, ...zero])
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
    const row = stream.rows[0]
    if (row === undefined) continue
    const order = next === undefined ? -1 : Buffer.compare(row.tail, next.rows[0]!.tail)
    if (next === undefined || (reverse ? order > 0 : order < 0)) next = stream
  }
  return next
}

async function refill(cluster: Cluster, { source, consistent }: RowView, stream: Stream, reverse: boolean) {
  if (!stream.more) return
  const rows = { ...stream.range, reverse, limit: CHUNK, maxBytes: PAGE_SIZE }
  const page = await cluster.items.range(source.table, source.target, rows, consistent)
  stream.rows = page.rows.map(image => {
    const key = sourceKey(source, JSON.parse(image.json) as Item)
    return { image, tail: key.subarray(stream.start.length) }
  })
  stream.more = page.cut
  const last = stream.rows.at(-1)
  if (last !== undefined) stream.range = restOf(stream.range, stream.start, last.tail, reverse, false)
}
