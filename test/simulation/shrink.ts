/** From a script that fails to a shorter one that fails the same way. */
import { runSoon } from './run.ts'
import type { Script } from './script.ts'

/** What a failure is about, without its numbers and names: another failure may hide behind a shorter script. */
export function kindOf(failure: string): string {
  return failure
    .split('\n')[0]!
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'id')
    .replace(/[\d[{"].*/s, '')
    .slice(0, 40)
}

export type ShrinkOptions = {
  /** How many runs may be made. */
  runs: number
  report?(script: Script): void
}

/** `failure`: what the script's run came to. */
export async function shrink(script: Script, failure: string, { runs, report }: ShrinkOptions): Promise<Script> {
  const kind = kindOf(failure)
  let best = script
  let left = runs
  const isBetter = async (candidate: Script) => {
    left -= 1
    const { failures } = await runSoon(candidate)
    if (!failures.some(each => kindOf(each) === kind)) return false
    best = candidate
    report?.(best)
    return true
  }
  for (const list of ['faults', 'steps', 'faults', 'steps'] as const) {
    for (let size = Math.ceil(best[list].length / 2); size >= 1; size = Math.floor(size / 2)) {
      for (let from = 0; from < best[list].length && left > 0; ) {
        const candidate = { ...best, [list]: best[list].toSpliced(from, size) } as Script
        if (!(await isBetter(candidate))) from += size
      }
    }
  }
  return best
}
