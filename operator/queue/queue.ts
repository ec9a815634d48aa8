/**
 * Keys that wait to be worked on. A key waits once however often it is added, is worked on by one worker at a time, and is
 * worked on again if it was added meanwhile. One that fails waits longer each time.
 */
import type { Clock } from '../../server/base/clock.ts'

export type QueueOptions = {
  /** How many keys are worked on at once. */
  workers: number
  /** After the first failure, in milliseconds; twice as long after each next one. */
  firstRestMs?: number
  longestRestMs?: number
}

/** What a worker says: when to look again, in milliseconds; undefined if there is no need. */
export type Work = (key: string) => Promise<number | undefined>

export class Queue {
  readonly #clock: Clock
  readonly #work: Work
  readonly #failed: (key: string, error: Error, restMs: number) => void
  readonly #options: Required<QueueOptions>
  readonly #ready = new Set<string>()
  readonly #active = new Map<string, Promise<void>>()
  readonly #timers = new Map<string, { at: number; cancel: () => void }>()
  readonly #failures = new Map<string, number>()
  #isStopped = false

  constructor(
    clock: Clock,
    options: QueueOptions,
    work: Work,
    failed: (key: string, error: Error, restMs: number) => void,
  ) {
    this.#clock = clock
    this.#options = { firstRestMs: 200, longestRestMs: 60_000, ...options }
    this.#work = work
    this.#failed = failed
  }

  add(key: string): void {
    if (this.#isStopped) return
    this.#ready.add(key)
    this.#fill()
  }

  /** Adds it then, or earlier if that was asked for. */
  addAfter(key: string, ms: number): void {
    if (this.#isStopped) return
    const at = this.#clock.monotonic() + ms
    const waiting = this.#timers.get(key)
    if (waiting && waiting.at <= at) return
    waiting?.cancel()
    const cancel = this.#clock.after(ms, () => {
      this.#timers.delete(key)
      this.add(key)
    })
    this.#timers.set(key, { at, cancel })
  }

  /** How many wait or are worked on. */
  get length(): number {
    return this.#ready.size + this.#active.size
  }

  /** Resolves when nothing is worked on any more. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#ready.clear()
    for (const { cancel } of this.#timers.values()) cancel()
    this.#timers.clear()
    await Promise.all(this.#active.values())
  }

  #fill(): void {
    for (const key of this.#ready) {
      if (this.#active.size >= this.#options.workers) return
      if (this.#active.has(key)) continue
      this.#ready.delete(key)
      this.#active.set(key, this.#run(key))
    }
  }

  async #run(key: string): Promise<void> {
    try {
      const again = await this.#work(key)
      this.#failures.delete(key)
      if (again !== undefined) this.addAfter(key, again)
    } catch (error) {
      const rest = this.#rest(key, error as Error)
      this.#failed(key, error as Error, rest)
      this.addAfter(key, rest)
    } finally {
      this.#active.delete(key)
      if (!this.#isStopped) this.#fill()
    }
  }

  /** The API server may say itself when to come again. */
  #rest(key: string, { retryAfterMs = 0 }: Error & { retryAfterMs?: number }): number {
    const failures = this.#failures.get(key) ?? 0
    this.#failures.set(key, failures + 1)
    const { firstRestMs, longestRestMs } = this.#options
    return Math.max(retryAfterMs, Math.min(longestRestMs, firstRestMs * 2 ** failures))
  }
}
