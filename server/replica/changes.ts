/** The leader's side of streams: what the partition's shards hold, and what is dropped of them when its day is over. */
import { type Clock, sleep } from '../base/clock.ts'
import type { ChangesPage, ChangesRequest, ShardState } from '../partition/command.ts'
import { changesPage } from '../partition/recorded.ts'
import { numbered } from '../partition/schema.ts'
import { sequenceOf } from '../store/changes.ts'
import type { StreamRow } from '../store/rows.ts'
import type { Store } from '../store/store.ts'
import type { Applier } from './applier.ts'
import type { Origins } from './origins.ts'
import type { Pipeline } from './pipeline.ts'
import type { Tenure } from './tenure.ts'

/** Dropped by one entry: few enough for nobody to notice. */
const TRIM_ROWS = 200
const TRIM_BYTES = 1024 * 1024
const TRIM_PAUSE_MS = 10
const LAST_SEQUENCE = 2n ** 63n - 1n

export class Changes {
  readonly #store: Store
  readonly #applier: Applier
  readonly #pipeline: Pipeline
  readonly #tenure: Tenure
  readonly #clock: Clock
  readonly #origins: Origins
  readonly #waiting = new Set<() => void>()

  constructor(store: Store, applier: Applier, pipeline: Pipeline, tenure: Tenure, clock: Clock, origins: Origins) {
    this.#store = store
    this.#applier = applier
    this.#pipeline = pipeline
    this.#tenure = tenure
    this.#clock = clock
    this.#origins = origins
  }

  /** Undefined if the partition does not know the stream, yet or any more. Errors: NotLeading (INV-R7). */
  shard(label: string): ShardState | undefined {
    this.#tenure.check()
    const stream = this.#store.changes.stream(label)
    return stream && this.#stateOf(stream)
  }

  /** Changes of the stream from a sequence number on. Undefined as of `shard`. Errors: NotLeading (INV-R7). */
  read({ label, from, limit, maxBytes }: ChangesRequest): ChangesPage | undefined {
    this.#tenure.check()
    const stream = this.#store.changes.stream(label)
    if (!stream) return undefined
    const state = this.#stateOf(stream)
    const first = later(from, stream.since)
    const page = changesPage(this.#store.changes, first, stream.until ?? LAST_SEQUENCE, limit, maxBytes)
    const { size } = this.#origins
    if (size > 0) for (const row of page.rows) row.trace = this.#origins.of(row.sequence)
    const last = page.rows.at(-1)
    if (page.cut && last) return { ...state, rows: page.rows, resume: last.sequence + 1n }
    const resume = stream.until === undefined ? later(first, state.next) : undefined
    return { ...state, rows: page.rows, resume }
  }

  /** Resolves when an entry was applied, or after `ms`. */
  grown(ms: number): Promise<void> {
    return new Promise(resolve => {
      const done = () => {
        cancel()
        this.#waiting.delete(done)
        resolve()
      }
      const cancel = this.#clock.after(ms, done)
      this.#waiting.add(done)
    })
  }

  /** An entry was applied. */
  applied(): void {
    if (this.#waiting.size > 0) for (const done of [...this.#waiting]) done()
  }

  /**
   * Drops, a few at a time, the changes from before `time`, and the streams that ended before; none with the number `until` or
   * a greater one. Errors: NotLeading.
   */
  async trim(time: number, until: bigint = LAST_SEQUENCE): Promise<void> {
    while (true) {
      const upTo = this.#store.changes.lastBefore(time, TRIM_ROWS, TRIM_BYTES, until)
      const over = this.#store.changes.streams().filter(stream => isOver(stream, time, until))
      if (upTo === undefined && over.length === 0) return
      const streams = upTo === undefined ? over.map(({ label }) => label) : []
      await this.#pipeline.propose({ kind: 'trim', upTo: upTo ?? this.#store.changes.trimmed(), streams })
      await sleep(this.#clock, TRIM_PAUSE_MS)
    }
  }

  #stateOf({ since, until }: StreamRow): ShardState {
    const { state, schema } = this.#applier
    const next = sequenceOf(numbered(state.position + 1, schema))
    return { since, until, trimmed: this.#store.changes.trimmed(), next }
  }
}

function isOver({ endedAt, until: end }: StreamRow, time: number, until: bigint): boolean {
  return endedAt !== undefined && endedAt < time && end !== undefined && end <= until
}

function later(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
