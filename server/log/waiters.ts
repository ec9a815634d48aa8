/** Who waits for a log to grow. */
import type { Position } from './log.ts'

type Waiter = { after: Position; resolve: () => void; reject: (reason: unknown) => void }

export class Waiters {
  readonly #waiting = new Set<Waiter>()
  #over: Error | undefined

  get size(): number {
    return this.#waiting.size
  }

  /** See `PartitionLog.wait`; `end`: where the log ends now. */
  async wait(after: Position, end: Position, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    if (this.#over) throw this.#over
    if (end > after) return
    let waiter: Waiter | undefined
    const abort = () => waiter?.reject(signal?.reason)
    try {
      await new Promise<void>((resolve, reject) => {
        waiter = { after, resolve, reject }
        this.#waiting.add(waiter)
        signal?.addEventListener('abort', abort)
      })
    } finally {
      this.#waiting.delete(waiter!)
      signal?.removeEventListener('abort', abort)
    }
  }

  /** The log reaches to `end` now. */
  wake(end: Position): void {
    for (const waiter of this.#waiting) if (waiter.after < end) waiter.resolve()
  }

  /** Nothing will come any more. */
  end(error: Error): void {
    this.#over = error
    for (const waiter of this.#waiting) waiter.reject(error)
  }
}
