/** Time as a port, so that a simulation can own it. */

export interface Clock {
  /** Wall clock, epoch milliseconds. May jump; never used to decide who leads. */
  now(): number
  /** Milliseconds that only grow, from an arbitrary start. */
  monotonic(): number
  /** Runs `task` once after `ms`. Returns a function that cancels it. A pending timer does not keep the process alive. */
  after(ms: number, task: () => void): () => void
  /** Runs `task` once what is ready now has been taken in: the natural end of a batch. */
  soon(task: () => void): void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
  soon: task => void setImmediate(task),
}

/** Resolves after `ms` milliseconds of `clock`. */
export function sleep(clock: Clock, ms: number): Promise<void> {
  return new Promise(resolve => clock.after(ms, resolve))
}
