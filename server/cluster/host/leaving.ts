/** Giving away all that is led, a few partitions at a time, so that none waits for the others. */
import type { Hosted } from './hosted.ts'

const AT_ONCE = 2

/** Resolves when each was given away, or could not be. */
export async function handOverAll(hosted: Hosted[]): Promise<void> {
  const rest = hosted.values()
  const hand = async () => {
    for (const one of rest) await one.handOver()
  }
  await Promise.all(Array.from({ length: AT_ONCE }, hand))
}
