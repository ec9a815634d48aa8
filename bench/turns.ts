/** Contestants take turns, so that a machine whose speed drifts is fair to all. */
import type { Cell } from './cells.ts'
import { load } from './process.ts'

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
