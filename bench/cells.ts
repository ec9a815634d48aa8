/** A cell of the bench's table: one contestant at one operation. Figures compare within a round, whose turns are neighbours in time. */
import type { LoadResult, RunTask } from './load.ts'
import { median } from './statistics.ts'

export type Cell = {
  contestant: string
  task: RunTask
  /** One for each round. Empty: the contestant can't do it. */
  results: LoadResult[]
}

export type Measure = 'perSecond' | 'p50' | 'p99'

export function cellOf(contestant: string, task: Omit<RunTask, 'kind'>): Cell {
  return { contestant, task: { kind: 'run', ...task }, results: [] }
}

/** The median of the rounds. */
export function middle({ results }: Cell, measure: Measure): number {
  return median(results.map(result => result[measure]))
}

/** The median of the rounds' ratios: each is of two neighbours in time. */
export function ratio(one: Cell, other: Cell, measure: Measure): number {
  const rounds = Math.min(one.results.length, other.results.length)
  return median(
    Array.from({ length: rounds }, (_, round) => one.results[round]![measure] / other.results[round]![measure]),
  )
}

/** Refusals for overload in all rounds, by name. */
export function errorsOf({ results }: Cell): Record<string, number> {
  const sum: Record<string, number> = {}
  for (const { errors } of results)
    for (const [name, count] of Object.entries(errors)) sum[name] = (sum[name] ?? 0) + count
  return sum
}
