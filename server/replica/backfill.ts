/**
 * Making a new global index, or the rows of partitions that will take over, from the rows that were there before. Every write evaluated since the schema entry that brought
 * the index feeds it, and those evaluated before are applied by now; this walks the older rows, a page at a time, and logs their index rows as entries of their own, in order
 * with the writes. The cursor is applied with them, so a new leader goes on where the last one was.
 */
import { type Clock, sleep } from '../base/clock.ts'
import { globalIndexKey, rowKey } from '../codec/key.ts'
import { hashRange } from '../codec/range.ts'
import type { Item } from '../model/item.ts'
import type { IndexSchema, TableSchema } from '../model/schema.ts'
import { type BackfillState, backfillDocument } from '../partition/apply.ts'
import type { EntryBody } from '../partition/entry.ts'
import { indexRow } from '../partition/indexes.ts'
import type { StoreReader } from '../store/reader.ts'
import type { Image } from '../store/rows.ts'

const PAGE_ROWS = 200
const PAGE_BYTES = 1024 * 1024
/** Between pages. */
const REST_MS = 1
const MAX_REST_MS = 50

export type BackfillPorts = {
  reader: StoreReader
  clock: Clock
  /** Proposes the writes that are evaluated; `latest` must show nothing that could still be lost when a page is not. */
  proposeWrites(): void
  /** A row's image as the next write would see it. */
  latest(key: Buffer, applied: Image): Image | undefined
  propose(body: EntryBody): Promise<number>
  /** Resolves when the index's feed has room. */
  room(): Promise<void>
  stopped(): boolean
}

/** What is made: `id` is a route's; `rowOf` an item's row there, if it has one. */
export type Backfilled = {
  id: string
  /** The key of the row that holds the item. */
  keyOf(item: Item): Buffer
  rowOf(key: Buffer, image: Image): { key: Buffer; image: Image } | undefined
}

export function indexBackfill(table: TableSchema, index: IndexSchema): Backfilled {
  return {
    id: index.id,
    keyOf: item => rowKey(table.key, item),
    rowOf: (_, image) => indexRow(table, index, { ...image, item: JSON.parse(image.json) as Item }),
  }
}

/** All rows, as they are. `index`: the global index whose rows they are, if they are not the table's. */
export function wholeBackfill({ key }: TableSchema, index: IndexSchema | undefined, id: string): Backfilled {
  const keyOf = (item: Item) => (index ? globalIndexKey(key, index, item) : rowKey(key, item))
  return { id, keyOf, rowOf: (row, image) => ({ key: row, image }) }
}

/** Resolves when the rows are all logged, or when stopped. */
export async function backfill(made: Backfilled, ports: BackfillPorts): Promise<void> {
  while (!ports.stopped()) {
    const state = ports.reader.document<BackfillState>(backfillDocument(made.id)) ?? {}
    if (state.done) return
    await ports.room()
    if (ports.stopped()) return
    ports.proposeWrites()
    const page = readPage(made, ports, state.cursor)
    await ports.propose({ kind: 'backfill', index: made.id, ...page })
    await rest(ports.clock)
  }
}

/** Requests come first: as long as a moment's rest became, because this process had other things to do, so long a rest follows. */
async function rest(clock: Clock): Promise<void> {
  const begun = clock.monotonic()
  await sleep(clock, REST_MS)
  const late = clock.monotonic() - begun - REST_MS
  if (late > REST_MS) await sleep(clock, Math.min(late, MAX_REST_MS))
}

/** From the proposing of writes to that of the page there is no await: a write in between would be overtaken by its past. */
function readPage(made: Backfilled, ports: BackfillPorts, cursor: string | undefined) {
  const { from, to } = hashRange(0, 2 ** 32)
  const after = cursor === undefined ? undefined : Buffer.from(cursor, 'base64')
  const page = ports.reader.range(undefined, { from, to, after, limit: PAGE_ROWS, maxBytes: PAGE_BYTES })
  const rows: { key: Buffer; image: Image }[] = []
  let last: Buffer | undefined
  for (const applied of page.rows) {
    last = made.keyOf(JSON.parse(applied.json) as Item)
    const image = ports.latest(last, applied)
    const row = image && made.rowOf(last, image)
    if (row) rows.push({ key: row.key, image: { json: row.image.json, size: row.image.size } })
  }
  return { rows, cursor: page.cut ? last : undefined }
}
