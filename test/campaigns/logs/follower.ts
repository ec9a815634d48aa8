/** Follows a partition's log, entry by entry, as a replica does. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type LogStore, LogUnavailable, type Position } from '../../../server/log/log.ts'

export class LogFollower {
  readonly seen = new Map<Position, string>()
  readonly #store: LogStore
  readonly #partition: string
  readonly #stop = new AbortController()

  constructor(store: LogStore, partition: string) {
    this.#store = store
    this.#partition = partition
  }

  stop(): void {
    this.#stop.abort()
  }

  async run(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      await this.#follow().catch(error => {
        if (!(error instanceof LogUnavailable) && !signal.aborted) throw error
      })
    }
  }

  /** Errors: it does not come to `end` in time. */
  async reaches(end: Position, patienceMs: number): Promise<void> {
    for (const until = performance.now() + patienceMs; this.seen.size < end; await sleep(20))
      if (performance.now() > until) throw new Error(`a follower is at ${this.seen.size}, the log ends at ${end}`)
  }

  async #follow(): Promise<void> {
    const log = await this.#store.open(this.#partition, 0)
    while (true) {
      await log.wait(this.seen.size, this.#stop.signal)
      for (const { position, bytes } of await log.read(this.seen.size, 1_000_000)) {
        if (position !== this.seen.size + 1) throw new Error(`${position} follows ${this.seen.size}`)
        this.seen.set(position, Buffer.from(bytes).toString())
      }
    }
  }
}
