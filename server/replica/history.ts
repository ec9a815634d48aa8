/**
 * A partition's rows and entries for those who copy them: backups, and the archive behind point-in-time recovery. Rows are
 * read some at a time while writes go on, so each page shows another moment; the entries from before the first page
 * to after the last one make one moment of them, for an entry holds whole rows.
 */
import { type Clock, sleep } from '../base/clock.ts'
import { rowKey } from '../codec/key.ts'
import { hashRange } from '../codec/range.ts'
import type { LoggedEntry, PartitionLog, Position } from '../log/log.ts'
import type { Item } from '../model/item.ts'
import type { StoreReader } from '../store/reader.ts'
import type { Image } from '../store/rows.ts'
import type { Applier } from './applier.ts'

/** The holder of the entries that the archive lacks. While a table is archived, nothing is let go before it has spoken. */
export const ARCHIVE = 'archive'

const PAGE_BYTES = 256 * 1024
const ALL = hashRange(0, 2 ** 32)

export type HistoryPage = {
  rows: Image[]
  /** Where the next page begins; undefined after the last one. */
  next: Buffer | undefined
  /** The last entry that the rows show. */
  position: Position
}

export type HistoryPorts = {
  reader: StoreReader
  log: PartitionLog
  applier: Applier
  clock: Clock
  /** Resolves once every write evaluated so far is applied, and every transaction prepared so far is resolved. */
  drained(): Promise<void>
}

export class History {
  readonly #ports: HistoryPorts
  readonly #held = new Map<string, Position>()

  constructor(ports: HistoryPorts) {
    this.#ports = ports
  }

  rows(after: Buffer | undefined): HistoryPage {
    const { reader, applier } = this.#ports
    const page = reader.range(undefined, { ...ALL, after, maxBytes: PAGE_BYTES })
    const last = page.rows.at(-1)
    const next = page.cut && last ? rowKey(applier.schema!.table.key, JSON.parse(last.json) as Item) : undefined
    return { rows: page.rows, next, position: applier.state.position }
  }

  entries(after: Position, maxBytes: number): Promise<LoggedEntry[]> {
    return this.#ports.log.read(after, maxBytes)
  }

  /**
   * Resolves, once no write of `time` or before can come any more, and what became of all transactions prepared by then is
   * in the log, with the last entry's position. Errors: NotLeading.
   */
  async settled(time: number): Promise<Position> {
    const { clock, drained, applier } = this.#ports
    while (clock.now() <= time) await sleep(clock, 1)
    await drained()
    return applier.state.position
  }

  /** Keeps the entries after `after`, or after the last one applied, until `holder` says otherwise. @returns that position */
  retain(holder: string, after: Position = this.#ports.applier.state.position): Position {
    this.#held.set(holder, after)
    return after
  }

  release(holder: string): void {
    this.#held.delete(holder)
  }

  /** Entries up to here are held by nobody. */
  released(): Position {
    if (this.#ports.applier.schema?.archived && !this.#held.has(ARCHIVE)) return 0
    const held = [...this.#held].filter(([holder]) => holder !== ARCHIVE || this.#ports.applier.schema?.archived)
    return Math.min(Number.MAX_SAFE_INTEGER, ...held.map(([, position]) => position))
  }
}
