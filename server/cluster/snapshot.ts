/** Reads of several items as they were at one point in time: TransactGetItems. See replica/watches.ts. */
import { type Clock, sleep } from '../base/clock.ts'
import { canceledFor } from '../model/cancellation.ts'
import type { TableRecord } from '../model/table.ts'
import { NotLeading } from '../replica/pipeline.ts'
import type { Image } from '../store/rows.ts'
import type { TransactionLeader } from './leaders.ts'
import { inOrder, type Part, partsOf } from './parts.ts'
import { Moved, type Routes } from './routes.ts'

/** A read that meets a transaction, or a write, looks again so often. */
const ATTEMPTS = 5
/** Before the second attempt; twice as long before each next one. */
const REST_MS = 2

const CONFLICT = { Code: 'TransactionConflict', Message: 'Transaction is ongoing for the item' }

type Get = { table: TableRecord; key: Buffer }

/** The images, or the places of what was held, or changed, meanwhile. */
type Look = { images: (Image | undefined)[] } | { conflicts: number[] }

/** What one partition's leader answered to the first question. */
type Reading = { leader: TransactionLeader; images: (Image | undefined)[]; watch: string | undefined; held: number[] }

/** Errors: TransactionCanceledException if transactions, or writes, are always in the way. */
export async function readSnapshot(routes: Routes, clock: Clock, gets: Get[]): Promise<(Image | undefined)[]> {
  try {
    return await readParts(routes, clock, gets)
  } catch (error) {
    if (!(error instanceof Moved)) throw error
    return readSnapshot(
      routes,
      clock,
      gets.map(get => ({ ...get, table: routes.latest(get.table) })),
    )
  }
}

async function readParts(routes: Routes, clock: Clock, gets: Get[]): Promise<(Image | undefined)[]> {
  const parts = partsOf(gets, ({ key }) => key)
  for (let attempt = 1; ; attempt++) {
    const look = await lookOnce(routes, parts)
    if ('images' in look) return look.images
    if (attempt === ATTEMPTS) throw canceledFor(gets.length, new Map(look.conflicts.map(place => [place, CONFLICT])))
    await sleep(clock, REST_MS * 2 ** (attempt - 1))
  }
}

async function lookOnce(routes: Routes, parts: Part<Get>[]): Promise<Look> {
  const readings = await Promise.all(parts.map(part => readPart(routes, part, parts.length > 1)))
  const held = readings.flatMap((reading, i) => reading.held.map(place => parts[i]!.places[place]!))
  if (held.length > 0) return { conflicts: held }
  const images = inOrder(
    parts,
    readings.map(reading => reading.images),
  )
  if (parts.length === 1) return { images }
  const changed = await Promise.all(parts.map((part, i) => changesOf(part, readings[i]!)))
  const conflicts = changed.flat()
  return conflicts.length > 0 ? { conflicts } : { images }
}

function readPart(routes: Routes, part: Part<Get>, watch: boolean): Promise<Reading> {
  return routes.ask(part.partition, part.table, async ({ transactions: leader }) => {
    const answer = await leader.read(keysOf(part), watch)
    if ('held' in answer) return { leader, images: [], watch: undefined, held: answer.held }
    return { leader, ...answer, held: [] }
  })
}

/** The places of what has changed; of all, if the leader can't say, or leads no more. */
async function changesOf(part: Part<Get>, { leader, watch }: Reading): Promise<number[]> {
  try {
    const changed = await leader.changed(watch!, keysOf(part))
    return changed.map(i => part.places[i]!)
  } catch (error) {
    if (error instanceof NotLeading) return part.places
    throw error
  }
}

function keysOf({ elements }: Part<Get>): Buffer[] {
  return elements.map(({ key }) => key)
}
