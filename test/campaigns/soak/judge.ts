/** What a soak must show: the last third of it is no worse than the middle one, the log stays short, and few requests wait long. */
import { median } from '../../../bench/statistics.ts'
import type { Taken } from './watch.ts'

export type Window = Taken & {
  /** Seconds since the paced load began, at the window's end. */
  at: number
  requests: number
  throttled: number
  /** Milliseconds. */
  p50: number
  p99: number
}

export type Verdict = { what: string; holds: boolean; detail: string }

export type Tolerance = {
  /** The last third's median of p99, in relation to that of the middle third. */
  p99: number
  /** The same of the resident memory, and of the data on disk. */
  memory: number
  data: number
  /** MB. A log is checkpointed and trimmed at 64; what is appended meanwhile and segments ahead come on top. */
  log: number
  /** A window's p99, in relation to its median. */
  tail: number
  /** Share of the wanted requests that are answered. */
  pace: number
}

export const TOLERANCE: Tolerance = { p99: 1.5, memory: 1.1, data: 1.1, log: 256, tail: 10, pace: 0.99 }

/** Differences below these are no drift. */
const SLACK_MS = 1
const SLACK_MB = 16

/** Fewer windows have no thirds. */
const MIN_WINDOWS = 6

/** `wanted` are the requests a second that were to be. Errors: too few windows. */
export function judge(windows: Window[], wanted: number, tolerance: Tolerance = TOLERANCE): Verdict[] {
  if (windows.length < MIN_WINDOWS) throw new Error(`${windows.length} windows are too few to judge`)
  const third = Math.floor(windows.length / 3)
  const [middle, last] = [windows.slice(-2 * third, -third), windows.slice(-third)]
  const of = (part: Window[], figure: (window: Window) => number) => median(part.map(figure))
  const steady = (what: string, unit: string, figure: (window: Window) => number, growth: number, slack: number) => {
    const [before, after] = [of(middle, figure), of(last, figure)]
    const detail = `${before.toFixed(1)} ${unit} in the middle third, ${after.toFixed(1)} ${unit} in the last`
    return { what, holds: after <= before * growth + slack, detail }
  }
  const tail = of([...middle, ...last], ({ p50, p99 }) => p99 / p50)
  const log = Math.max(...windows.map(({ logMb }) => logMb))
  const trims = windows.filter(({ logMb }, index) => logMb < (windows[index - 1]?.logMb ?? 0)).length
  const answered = windows.reduce((sum, { requests }) => sum + requests, 0) / windows.at(-1)!.at
  const throttled = windows.reduce((sum, window) => sum + window.throttled, 0)
  return [
    steady('p99 does not drift', 'ms', ({ p99 }) => p99, tolerance.p99, SLACK_MS),
    steady('memory does not grow', 'MB', ({ rssMb }) => rssMb, tolerance.memory, SLACK_MB),
    steady('data on disk does not grow', 'MB', ({ dataMb }) => dataMb, tolerance.data, SLACK_MB),
    {
      what: 'the log stays short',
      holds: log <= tolerance.log,
      detail: `${log.toFixed(0)} MB at most; seen shorter than before ${trims} times`,
    },
    {
      what: 'few requests wait long',
      holds: tail < tolerance.tail,
      detail: `p99 is ${tail.toFixed(1)} times the median`,
    },
    {
      what: 'the pace is kept',
      holds: answered >= wanted * tolerance.pace && throttled === 0,
      detail: `${answered.toFixed(0)} of ${wanted.toFixed(0)} requests a second answered, ${throttled} throttled`,
    },
  ]
}
