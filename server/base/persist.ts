import { type Clock, sleep } from './clock.ts'

/** Does `work` again every `ms` milliseconds until it succeeds, or until it `isOver`. */
export async function persist(clock: Clock, ms: number, isOver: () => boolean, work: () => unknown): Promise<void> {
  while (!isOver()) {
    try {
      await work()
      return
    } catch {
      await sleep(clock, ms)
    }
  }
}
