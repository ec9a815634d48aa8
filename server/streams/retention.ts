/**
 * Drops the changes of streams when their day is over: each leader those of its own partition, in the background. Where changes are
 * published, those that are not wait for it, but no longer than a limit.
 */
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { RETENTION_MS } from '../cluster/streamrecords.ts'

/** A leader of this node, as seen from here. */
export type TrimmedLeader = { partition: string; changes: { trim(time: number, until?: bigint): Promise<void> } }

/** What is published. `until`: of a partition, all changes that are less. */
export type Published = { until(partition: string): bigint; limitMs: number }

const INTERVAL_MS = 60_000

export class Retention {
  readonly #leaders: () => TrimmedLeader[]
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #published: Published | undefined
  #cancel = () => {}
  #stopped = false

  constructor(leaders: () => TrimmedLeader[], clock: Clock, logger: Logger, published?: Published) {
    this.#leaders = leaders
    this.#clock = clock
    this.#logger = logger
    this.#published = published
  }

  start(): void {
    this.#cancel = this.#clock.after(INTERVAL_MS, () => {
      void this.trim().finally(() => {
        if (!this.#stopped) this.start()
      })
    })
  }

  stop(): void {
    this.#stopped = true
    this.#cancel()
  }

  /** One partition after the other; whatever fails is tried again in the next round. */
  async trim(): Promise<void> {
    for (const leader of this.#leaders()) {
      if (this.#stopped) return
      await this.#trimOne(leader).catch(error =>
        this.#logger.debug({ err: error, partition: leader.partition }, 'dropping old changes was interrupted'),
      )
    }
  }

  async #trimOne({ partition, changes }: TrimmedLeader): Promise<void> {
    const now = this.#clock.now()
    await changes.trim(now - RETENTION_MS, this.#published?.until(partition))
    if (this.#published) await changes.trim(now - Math.max(RETENTION_MS, this.#published.limitMs))
  }
}
