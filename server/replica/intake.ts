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
import { PendingRows } from './pending.ts'
import { NotLeading, type Pipeline } from './pipeline.ts'

export type IntakePorts = {
  reader: StoreReader
  applier: Applier
  pipeline: Pipeline
  /** Whether others take over: nothing comes after what is proposed by then. */
  sealed(): boolean
}

export class Intakes {
  readonly #ports: IntakePorts
  /** By source: the last feed proposed. */
  readonly #last = new Map<string, Promise<unknown>>()
  /** Rows that are proposed and not applied. */
  readonly #pending = new PendingRows()
  #feeds = 0

  constructor(ports: IntakePorts) {
    this.#ports = ports
  }

  /** The last position of the source that was taken in. Errors: NotLeading, while that is not for this partition to say. */
  consumed(source: string): Position {
    this.#check(source)
    return this.#ports.reader.consumed(source)
  }

  /** Resolves once the rows are applied here. A source feeds its rows one call after the other. Errors: NotLeading. */
  async feed(source: string, position: Position, rows: FeedRow[]): Promise<void> {
    const { reader, pipeline } = this.#ports
    // Rows of one source are changed by it alone; once its last feed is applied, the store is what they are. Of calls that
    // wait for one, as those of leaders that follow each other do, the first goes on and the others wait for that: no turn comes between.
    for (let last: Promise<unknown> | undefined; last !== this.#last.get(source); ) {
      last = this.#last.get(source)
      await last
    }
    this.#check(source)
    if (position <= reader.consumed(source)) return
    const effects = this.#effects(rows)
    const feed = ++this.#feeds
    for (const { key, image } of effects) this.#pending.set(key as Buffer, image, feed)
    const applied = pipeline.propose({ kind: 'feed', source, position, effects })
    this.#last.set(source, applied)
    await applied.finally(() =>
      this.#pending.release(
        effects.map(({ key }) => key as Buffer),
        feed,
      ),
    )
  }

  /** The image of a row once all that is proposed is applied; `applied` is what the store holds. */
  latest(key: Buffer, applied: Image | undefined): Image | undefined {
    const pending = this.#pending.get(key)
    return pending ? pending.image : applied
  }

  /** Errors: NotLeading, if others have taken over, or others are to come first. */
  #check(source: string): void {
    const { applier, sealed } = this.#ports
    if (sealed()) throw new NotLeading('other partitions have taken over')
    const { sources } = applier.schema ?? {}
    if (sources && !sources.includes(source)) throw new NotLeading('the partition is still being filled')
  }

  #effects(rows: FeedRow[]): Effect[] {
    const last = new Map<string, FeedRow>()
    for (const row of rows) last.set(row.key.toString('latin1'), row)
    const effects: Effect[] = []
    for (const { key, image } of last.values()) {
      const before = this.#ports.reader.sizeOf(key)
      if (image || before !== undefined) effects.push(this.#effect(key, image, before))
    }
    return effects
  }

  /** Where items come from the partitions before, local indexes come by them; global ones have the rows. */
  #effect(key: Buffer, image: Image | undefined, before: number | undefined): Effect {
    const { reader, applier } = this.#ports
    const { table, filling } = applier.schema ?? {}
    const effect: Effect = { key, image, before, local: [], global: [] }
    const hasLocal = filling && table!.indexes.some(({ kind }) => kind === 'LOCAL')
    if (hasLocal) effect.local = imageEffect(table!, key, reader.get(key), image).local
    return effect
  }
}
