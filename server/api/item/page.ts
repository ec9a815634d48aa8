/** One page of a Query or Scan: reading it, and the answer (facts, section 4.3). */
import { readUnits } from '../../capacity/units.ts'
import type { Cluster, RangePage } from '../../cluster/cluster.ts'
import { rowKey } from '../../codec/key.ts'
import { getOwn, type Item, setOwn } from '../../model/item.ts'
import type { Image, Page, Spliced } from '../../partition/command.ts'
import type { Call, JsonText } from '../operation.ts'
import { type CapacityReport, consumedCapacity, type Units } from './consumed.ts'
import { keyNames, type Source } from './source.ts'
import { spliceObject } from './splice.ts'

/** Bytes of items that one page evaluates; the item that reaches it is the page's last. */
export const PAGE_SIZE = 1_048_576

/** How many items are fetched from the table at a time for a page of a local index. */
const FETCHED_AT_ONCE = 64

/** From rows to what is returned of them. */
export type RowView = {
  source: Source
  consistent: boolean
  /** Fetch the item of every row from the table. */
  fetch: boolean
  filter: ((item: Item) => boolean) | undefined
  projection: ((item: Item) => Item) | undefined
}

export type PageRequest = RowView & {
  rows: Omit<RangePage, 'maxBytes'>
  countOnly: boolean
  report: CapacityReport | undefined
  /** The table as the request named it. */
  given: string
}

/** The rows that a page has evaluated. */
export type Evaluated = {
  images: Image[]
  /** How many rows; more than `images` if items were deleted while they were fetched. */
  scanned: number
  /** The last row, as the source has it, if there may be more. */
  last: Image | undefined
  /** Sum of the sizes of what was read. */
  bytes: number
  units: Units
}

export async function answerPage({ cluster, meter }: Call, request: PageRequest): Promise<JsonText> {
  const { source, consistent } = request
  const rows = { ...request.rows, maxBytes: PAGE_SIZE, splice: isPlain(request) }
  const page = await cluster.items.range(source.table, source.target, rows, consistent)
  const { images, scanned, last, units } = await evaluatePage(cluster, request, page)
  const { text, count } = page.spliced ?? joined(images, request)
  meter.consumedRead(source.table, units)
  meter.returned(source.table, count)
  return spliceObject({
    Count: String(count),
    Items: request.countOnly ? undefined : `[${text}]`,
    ScannedCount: String(page.spliced?.count ?? scanned),
    LastEvaluatedKey: last && keyText(request.source, last),
    ConsumedCapacity: consumedCapacity(request.report, request.given, request.source.table, units),
  })
}

/** Whether the answer holds the rows as they are. */
function isPlain({ fetch, filter, projection, countOnly }: PageRequest): boolean {
  return !fetch && filter === undefined && projection === undefined && !countOnly
}

function joined(images: Image[], request: PageRequest): Spliced {
  const texts = viewedTexts(images, request.countOnly ? { ...request, projection: undefined } : request)
  return { text: texts.join(','), count: texts.length }
}

/** The items that the rows of a page stand for, and what they cost; `units`: of the rows, if they are not one read. */
export async function evaluatePage(cluster: Cluster, view: RowView, page: Page, units?: number): Promise<Evaluated> {
  const { source } = view
  if (view.fetch) return fetchItems(cluster, view, page, units)
  const spent = units ?? readUnits(page.bytes, view.consistent)
  return {
    images: page.rows,
    scanned: page.rows.length,
    last: page.cut ? page.rows.at(-1) : undefined,
    bytes: page.bytes,
    units: source.index ? indexUnits(source, spent, 0) : { table: spent, indexes: {} },
  }
}

/** The items of a local index's rows. What is fetched counts towards the page's size, which may end it sooner. */
async function fetchItems(
  cluster: Cluster,
  view: RowView,
  { rows, cut }: Page,
  units: number | undefined,
): Promise<Evaluated> {
  const { source, consistent } = view
  const images: Image[] = []
  let scanned = 0
  let indexBytes = 0
  let bytes = 0
  let tableUnits = 0
  while (scanned < rows.length && bytes < PAGE_SIZE) {
    const chunk = rows.slice(scanned, scanned + FETCHED_AT_ONCE)
    const items = await Promise.all(chunk.map(row => cluster.items.get(source.table, itemKey(source, row), consistent)))
    for (let i = 0; i < chunk.length && bytes < PAGE_SIZE; i++) {
      const item = items[i]
      if (item !== undefined) images.push(item)
      scanned += 1
      indexBytes += chunk[i]!.size
      bytes += chunk[i]!.size + (item?.size ?? 0)
      tableUnits += readUnits(item?.size ?? 0, consistent)
    }
  }
  return {
    images,
    scanned,
    last: cut || scanned < rows.length ? rows[scanned - 1] : undefined,
    bytes,
    units: indexUnits(source, units ?? readUnits(indexBytes, consistent), tableUnits),
  }
}

function indexUnits(source: Source, index: number, table: number): Units {
  const indexes: Units['indexes'] = {}
  setOwn(indexes, source.index!.name, index)
  return { table, indexes }
}

function itemKey(source: Source, row: Image): Buffer {
  return rowKey(source.schema.key, JSON.parse(row.json) as Item)
}

/** The texts of the items to return. Without filter and projection nothing is parsed. */
export function viewedTexts(images: Image[], { filter, projection }: RowView): string[] {
  const texts: string[] = []
  for (const { json } of images) {
    if (filter === undefined && projection === undefined) {
      texts.push(json)
      continue
    }
    const item = JSON.parse(json) as Item
    if (filter !== undefined && !filter(item)) continue
    texts.push(projection === undefined ? json : JSON.stringify(projection(item)))
  }
  return texts
}

/** LastEvaluatedKey: what tells a row of the source from all others. */
export function keyText(source: Source, row: Image): string {
  const item = JSON.parse(row.json) as Item
  const key: Item = {}
  for (const name of keyNames(source)) setOwn(key, name, getOwn(item, name)!)
  return JSON.stringify(key)
}
