/** Deletes what has expired, in the background: each leader in its own partition, some items at a time. */
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'

/** A leader of this node, as seen from here. `deleted`: hears of items that went. */
export type SweptLeader = {
  partition: string
  /** UUID of the table; undefined while it is not known. */
  table: string | undefined
  expiries: { sweep(deleted: (items: number) => void): Promise<void> }
}

export class Sweeper {
  /** Items deleted since the process began, by the table's UUID. */
  readonly deleted = new Map<string, number>()
  readonly #leaders: () => SweptLeader[]
  readonly #intervalMs: number
  readonly #clock: Clock
  readonly #logger: Logger
  #cancel = () => {}
  #stopped = false

  /** `intervalMs`: rest between the end of one round and the begin of the next. */
  constructor(leaders: () => SweptLeader[], intervalMs: number, clock: Clock, logger: Logger) {
    this.#leaders = leaders
    this.#intervalMs = intervalMs
    this.#clock = clock
    this.#logger = logger
  }

  start(): void {
    this.#cancel = this.#clock.after(this.#intervalMs, () => {
      void this.sweep().finally(() => {
        if (!this.#stopped) this.start()
      })
    })
  }

  stop(): void {
    this.#stopped = true
    this.#cancel()
  }

  /** All partitions at once, for one with much to delete must not keep the others waiting. */
  async sweep(): Promise<void> {
    const leaders = this.#leaders()
    const tables = new Set(leaders.map(({ table }) => table))
    for (const table of this.deleted.keys()) if (!tables.has(table)) this.deleted.delete(table)
    await Promise.all(leaders.map(leader => this.#sweepOne(leader)))
  }

  async #sweepOne({ partition, table, expiries }: SweptLeader): Promise<void> {
    const count = (items: number) => {
      if (table !== undefined) this.deleted.set(table, (this.deleted.get(table) ?? 0) + items)
    }
    await expiries
      .sweep(count)
      .catch(error => this.#logger.debug({ err: error, partition }, 'deleting what has expired was interrupted'))
  }
}
