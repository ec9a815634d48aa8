/** Keeps the node's files durable and its log short, in the background. */
import type { Clock } from '../base/clock.ts'
import { DURATIONS, Histogram } from '../base/histogram.ts'
import type { Logger } from '../base/logger.ts'
import type { LogStore } from '../log/log.ts'
import type { Replica } from '../replica/replica.ts'

const INTERVAL_MS = 1000
/** A log longer than this is worth a checkpoint of everything: it bounds what a start has to replay. */
const MAX_LOG_BYTES = 64 * 1024 * 1024
/** A changed partition is made durable at least this often, */
const MAX_AGE_MS = 60_000
/** and when this much waits beside its file: it grows by a page for each row, and reads are slower there. */
const MAX_UNSAVED_BYTES = 64 * 1024 * 1024

export class Upkeep {
  /** Seconds that checkpoints took, since the process began. */
  readonly checkpoints = new Histogram(DURATIONS)
  failedCheckpoints = 0
  readonly #replicas: () => Replica[]
  readonly #logs: LogStore
  readonly #clock: Clock
  readonly #logger: Logger
  #cancel = () => {}
  #stopped = false
  #running: Promise<void> = Promise.resolve()

  constructor(replicas: () => Replica[], logs: LogStore, clock: Clock, logger: Logger) {
    this.#replicas = replicas
    this.#logs = logs
    this.#clock = clock
    this.#logger = logger
  }

  start(): void {
    this.#cancel = this.#clock.after(INTERVAL_MS, () => {
      this.#running = this.#round().finally(() => {
        if (!this.#stopped) this.start()
      })
    })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel()
    await this.#running
  }

  async #round(): Promise<void> {
    const long = this.#logs.size() > MAX_LOG_BYTES
    for (const replica of this.#replicas()) {
      if (this.#stopped) return
      await this.#tend(replica, long)
    }
  }

  async #tend(replica: Replica, long: boolean): Promise<void> {
    try {
      replica.settle()
      if (isDue(replica, long)) return await this.#checkpoint(replica)
      replica.trim()
      await replica.flush()
    } catch (error) {
      this.#logger.warn(
        { err: error, partition: replica.partition },
        'what was applied could not be written to the file; the log has it',
      )
    }
  }

  async #checkpoint(replica: Replica): Promise<void> {
    const start = this.#clock.monotonic()
    try {
      await replica.checkpoint()
      this.checkpoints.observe((this.#clock.monotonic() - start) / 1000)
    } catch (error) {
      this.failedCheckpoints += 1
      this.#logger.warn({ err: error, partition: replica.partition }, 'a checkpoint failed; it will be tried again')
    }
  }
}

function isDue(replica: Replica, long: boolean): boolean {
  const { saving } = replica
  if (saving.unsaved === 0) return saving.age > MAX_AGE_MS && saving.spareBytes > 0
  return long || saving.age > MAX_AGE_MS || saving.unsavedBytes > MAX_UNSAVED_BYTES
}
