/**
 * The other end of a feed: the leader of an index partition takes rows in. INV-R4: the position goes into the entry with
 * the rows, so what was taken in once is not taken in again. Partitions that take over from others are filled the same way.
 */
import type { Position } from '../log/log.ts'
import type { Effect } from '../partition/entry.ts'
import { imageEffect } from '../partition/evaluate.ts'
import type { StoreReader } from '../store/reader.ts'
import type { Image } from '../store/rows.ts'
import type { Applier } from './applier.ts'
import type { FeedRow } from './feed.ts'
import type { Pipeline } from './pipeline.ts'

type Intake = { position: Position; applied: Promise<unknown> }

export class Intakes {
  readonly #reader: StoreReader
  readonly #applier: Applier
  readonly #pipeline: Pipeline
  /** By source: the last feed proposed. */
  readonly #last = new Map<string, Intake>()

  constructor(reader: StoreReader, applier: Applier, pipeline: Pipeline) {
    this.#reader = reader
    this.#applier = applier
    this.#pipeline = pipeline
  }

  consumed(source: string): Position {
    return this.#reader.consumed(source)
  }

  /** Resolves once the rows are applied here. A source feeds its rows one call after the other. */
  async feed(source: string, position: Position, rows: FeedRow[]): Promise<void> {
    // Rows of one source are changed by it alone; once its last feed is applied, the store is what they are.
    await this.#last.get(source)?.applied
    if (position <= this.#reader.consumed(source)) return
    const body = { kind: 'feed' as const, source, position, effects: this.#effects(rows) }
    const applied = this.#pipeline.propose(body)
    this.#last.set(source, { position, applied })
    await applied
  }

  #effects(rows: FeedRow[]): Effect[] {
    const last = new Map<string, FeedRow>()
    for (const row of rows) last.set(row.key.toString('latin1'), row)
    const effects: Effect[] = []
    for (const { key, image } of last.values()) {
      const before = this.#reader.sizeOf(key)
      if (image || before !== undefined) effects.push(this.#effect(key, image, before))
    }
    return effects
  }

  /** Where items come from the partitions before, local indexes come by them; global ones have the rows. */
  #effect(key: Buffer, image: Image | undefined, before: number | undefined): Effect {
    const { table, filling } = this.#applier.schema ?? {}
    const effect: Effect = { key, image, before, local: [], global: [] }
    const hasLocal = filling && table!.indexes.some(({ kind }) => kind === 'LOCAL')
    if (hasLocal) effect.local = imageEffect(table!, key, this.#reader.get(key), image).local
    return effect
  }
}
