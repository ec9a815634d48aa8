/**
 * The leader's side of times to live. What has expired is found by its time and deleted by entries like any other, after
 * another look at the item: one whose time was moved meanwhile stays, and so does, for now, one that a transaction holds.
 */
import { type Clock, sleep } from '../base/clock.ts'
import { rowKey } from '../codec/key.ts'
import { hashRange } from '../codec/range.ts'
import type { Item } from '../model/item.ts'
import { type BackfillState, EXPIRIES } from '../partition/apply.ts'
import { imageEffect } from '../partition/evaluate.ts'
import { expired, expiryOf } from '../partition/expiry.ts'
import type { Expiry } from '../store/rows.ts'
import type { Store } from '../store/store.ts'
import type { Applier } from './applier.ts'
import type { Batches } from './batches.ts'
import type { Locks } from './locks.ts'
import type { Pipeline } from './pipeline.ts'

/** Deleted at once, and then a rest, so that requests hardly notice: a longer one while there are writes. */
const SWEEP_ROWS = 50
const REST_MS = 5
const BUSY_REST_MS = 25

const BUILD_ROWS = 200
const BUILD_BYTES = 1024 * 1024

const NO_KEY = Buffer.alloc(0)

export type ExpiryPorts = {
  store: Store
  applier: Applier
  pipeline: Pipeline
  batches: Batches
  locks: Locks
  clock: Clock
  /** Resolves when the feeds of indexes have room. */
  room(): Promise<void> | undefined
  stopped(): boolean
}

export class Expiries {
  readonly #ports: ExpiryPorts

  constructor(ports: ExpiryPorts) {
    this.#ports = ports
  }

  /** Deletes all that has expired by now. `deleted` hears how many items went, whenever some did. Errors: NotLeading. */
  async sweep(deleted: (items: number) => void): Promise<void> {
    const { store, batches, clock, room, stopped } = this.#ports
    const { from, before } = expired(clock.now())
    for (let after: Expiry = { expires: from, key: NO_KEY }; !stopped(); ) {
      if (batches.schemaVersion === 0 || batches.table.timeToLive === undefined || batches.isFull) return
      const due = store.expiries.due(after, before, SWEEP_ROWS)
      if (due.length === 0) return
      const isBusy = batches.waitingBytes > 0
      const numbers = due.flatMap(({ key }) => this.#delete(key as Buffer) ?? [])
      if (numbers.length > 0) await batches.after(numbers.at(-1), () => deleted(numbers.length))
      after = due.at(-1)!
      await sleep(clock, isBusy ? BUSY_REST_MS : REST_MS)
      await room()
    }
  }

  /** @returns the number of the batch that deletes the item; undefined if it stays */
  #delete(key: Buffer): number | undefined {
    const { batches, locks, clock } = this.#ports
    if (locks.holder(key)) return undefined
    const image = batches.current(key, batches.pending(key)).image()
    const expires = image && expiryOf(JSON.parse(image.json) as Item, batches.table.timeToLive!)
    const { from, before } = expired(clock.now())
    if (expires === undefined || expires < from || expires >= before) return undefined
    const effect = imageEffect(batches.table, key, image, undefined)
    if (effect.recorded) effect.recorded = 'service'
    return batches.add(effect)
  }

  /**
   * Finds the expiries of the items that were there before the table had a time to live: every write evaluated since
   * brings its own. The cursor is applied with them, so that a new leader goes on where the last one was.
   */
  async build(): Promise<void> {
    const { store, applier, pipeline, batches, clock, stopped } = this.#ports
    while (!stopped()) {
      const schema = applier.schema
      // Another schema is on its way: whoever brings it calls again.
      if (!schema || schema.version !== batches.schemaVersion || schema.table.timeToLive === undefined) return
      const { done, cursor } = store.reader.document<BackfillState>(EXPIRIES) ?? {}
      if (done) return
      // Without an await from here to the page's proposal: a write in between would be overtaken by its past.
      batches.proposeAll()
      await pipeline.propose({ kind: 'expiries', ...this.#readPage(cursor) })
      await sleep(clock, 1)
    }
  }

  #readPage(cursor: string | undefined): { rows: Expiry[]; cursor: Buffer | undefined } {
    const { store, batches } = this.#ports
    const { key: keys, timeToLive } = batches.table
    const after = cursor === undefined ? undefined : Buffer.from(cursor, 'base64')
    const range = { ...hashRange(0, 2 ** 32), after, limit: BUILD_ROWS, maxBytes: BUILD_BYTES }
    const page = store.reader.range(undefined, range)
    const rows: Expiry[] = []
    let last: Buffer | undefined
    for (const applied of page.rows) {
      last = rowKey(keys, JSON.parse(applied.json) as Item)
      const image = batches.latest(last, applied)
      const expires = image && expiryOf(JSON.parse(image.json) as Item, timeToLive!)
      if (expires !== undefined) rows.push({ key: last, expires })
    }
    return { rows, cursor: page.cut ? last : undefined }
  }
}
