/** Contestants take turns, so that a machine whose speed drifts is fair to all: figures compare within a round. */
import type { LoadResult, RunTask } from './load.ts'
import { load } from './process.ts'
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

/**
 * Runs every cell once in each round, in their order. A cell that fails is left out from then on if `giveUp` says so.
 * Errors: a cell failed that must not.
 */
export async function takeTurns(
  cells: Cell[],
  rounds: number,
  giveUp: (failed: Cell, reason: string) => boolean = () => false,
): Promise<void> {
  const out = new Set<Cell>()
  for (let round = 0; round < rounds; round++) {
    for (const cell of cells) {
      if (out.has(cell)) continue
      try {
        cell.results.push(await load(cell.task))
      } catch (error) {
        const reason = (error as Error).message
        if (!giveUp(cell, reason)) throw new Error(`${cell.contestant}, ${cell.task.operation}: ${reason}`)
        cell.results = []
        out.add(cell)
      }
    }
  }
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
