/** How requests went, as their callers see it: after all retries of the SDK. */

export class Tally {
  requests = 0
  /** Of those that failed: why, and how often. */
  readonly failures = new Map<string, number>()
  slowestMs = 0

  get failed(): number {
    return [...this.failures.values()].reduce((sum, count) => sum + count, 0)
  }

  /** Counts a request. Errors: those of `ask`, which count as failures if `isFailure` says so. */
  async count<T>(where: string, ask: () => Promise<T>, isFailure: (error: Error) => boolean): Promise<T> {
    const start = performance.now()
    this.requests += 1
    try {
      return await ask()
    } catch (error) {
      if (isFailure(error as Error)) {
        const why = `${(error as Error).name} at ${where}`
        this.failures.set(why, (this.failures.get(why) ?? 0) + 1)
      }
      throw error
    } finally {
      this.slowestMs = Math.max(this.slowestMs, performance.now() - start)
    }
  }
}

/** The longest time without an answer to one that asks again and again. */
export class Gap {
  longestMs = 0
  answers = 0
  #last = performance.now()

  answered(): void {
    const now = performance.now()
    this.longestMs = Math.max(this.longestMs, now - this.#last)
    this.#last = now
    this.answers += 1
  }
}
