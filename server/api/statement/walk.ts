/** One page of a SELECT over several ranges of keys, one after the other: as many Queries, or one Scan. */
import type { Cluster } from '../../cluster/cluster.ts'
import type { KeyRange } from '../../codec/range.ts'
import type { Image } from '../../partition/command.ts'
import { addUnits, noUnits, type Units } from '../item/consumed.ts'
import { evaluatePage, PAGE_SIZE, type RowView, viewedTexts } from '../item/page.ts'
import { isInside } from '../item/start.ts'
import { invalidToken, type Place } from './token.ts'

export type Walk = {
  ranges: KeyRange[]
  reverse: boolean
  /** How many rows to evaluate. */
  limit: number | undefined
  /** The row to go on after. */
  after: Place | undefined
}

export type Walked = {
  texts: string[]
  /** The last row evaluated, if there may be more. */
  last: Image | undefined
  units: Units
}

export async function walk(cluster: Cluster, view: RowView, { ranges, reverse, limit, after }: Walk): Promise<Walked> {
  const { source, consistent } = view
  const walked: Walked = { texts: [], last: undefined, units: noUnits() }
  const start = after === undefined ? 0 : rangeOf(ranges, after.key)
  let rest = limit
  let bytes = 0
  for (const [i, range] of ranges.slice(start).entries()) {
    // At least one row of each range, so that every page has a last one.
    const maxBytes = Math.max(1, PAGE_SIZE - bytes)
    const rows = { ...range, after: i === 0 ? after?.key : undefined, reverse, limit: rest, maxBytes }
    const page = await cluster.items.range(source.table, source.target, rows, consistent)
    const evaluated = await evaluatePage(cluster, view, page)
    for (const text of viewedTexts(evaluated.images, view)) walked.texts.push(text)
    addUnits(walked.units, evaluated.units)
    walked.last = evaluated.last
    if (evaluated.last !== undefined) break
    bytes += evaluated.bytes
    if (rest !== undefined) rest -= evaluated.scanned
  }
  return walked
}

/** Which range the key is in. @throws ValidationException if it is in none */
export function rangeOf(ranges: KeyRange[], key: Buffer): number {
  const at = ranges.findIndex(range => isInside(key, range))
  if (at < 0) throw invalidToken()
  return at
}
