/** Drops the changes of streams when their day is over: each leader those of its own partition, in the background. */
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { RETENTION_MS } from '../cluster/streamrecords.ts'

/** A leader of this node, as seen from here. */
export type TrimmedLeader = { partition: string; changes: { trim(time: number): Promise<void> } }

const INTERVAL_MS = 60_000

export class Retention {
  readonly #leaders: () => TrimmedLeader[]
  readonly #clock: Clock
  readonly #logger: Logger
  #cancel = () => {}
  #stopped = false

  constructor(leaders: () => TrimmedLeader[], clock: Clock, logger: Logger) {
    this.#leaders = leaders
    this.#clock = clock
    this.#logger = logger
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
    for (const { partition, changes } of this.#leaders()) {
      if (this.#stopped) return
      await changes
        .trim(this.#clock.now() - RETENTION_MS)
        .catch(error => this.#logger.debug({ err: error, partition }, 'dropping old changes was interrupted'))
    }
  }
}
