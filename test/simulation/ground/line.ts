/** The way of one process to something that all share: the metadata, or the logs. */
import type { Random } from '../../campaigns/random.ts'

/** What runs tasks later: virtual time, or the system's. */
export type Timer = { after(ms: number, task: () => void): () => void }

export type Line = {
  /** Whose it is. */
  from: string
  timer: Timer
  choices: Random
  /** How long the next message takes, in milliseconds; undefined if it never arrives. */
  delay(): number | undefined
  /** Something arrives at the process. */
  arrive(task: () => void): void
}

/** A way without trouble, where time is what `timer` says. */
export function plainLine(timer: Timer, choices: Random): Line {
  return { from: 'the only one', timer, choices, delay: () => 0, arrive: task => task() }
}

/**
 * Asks what is shared: `ask` is called there, if the question arrives; the promise resolves here, if the answer does.
 * Errors: those of `ask`; `lost()` after `patience` milliseconds, whatever has become of it.
 * `detour`: may take the question on; it goes on its way when that calls `go`.
 */
export function asked<T>(
  line: Line,
  patience: number,
  ask: () => T,
  lost: () => Error,
  detour: (go: () => void) => boolean = () => false,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = line.timer.after(patience, () => line.arrive(() => reject(lost())))
    const back = (task: () => void) => {
      const delay = line.delay()
      if (delay === undefined) return
      line.timer.after(delay, () =>
        line.arrive(() => {
          cancel()
          task()
        }),
      )
    }
    const there = () => {
      let answer: T
      try {
        answer = ask()
      } catch (error) {
        return back(() => reject(error))
      }
      back(() => resolve(answer))
    }
    const delay = line.delay()
    if (delay === undefined) return
    const go = () => void line.timer.after(delay, there)
    if (!detour(go)) go()
  })
}
