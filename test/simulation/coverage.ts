/** Which fault met which state: what was never tried is seen. */
import type { FaultStep } from './fault.ts'
import { FAULT_KINDS } from './faults.ts'
import type { World } from './world.ts'

/** By fault and state, how often. */
export type Coverage = Map<string, Map<string, number>>

/** What a node, or the cluster, may be doing. */
export const STATES = [
  'leading',
  'following',
  'opening',
  'appending',
  'prepared',
  'check',
  'prepare',
  'commit',
  'resolve',
  'outcome',
  'write',
  'range',
  'feed',
  'backfilling',
  'making',
  'filling',
  'sealing',
  'moving',
  'snapshot',
  'checkpoint',
  'leaving',
  'disk full',
  'cut off',
] as const

export type State = (typeof STATES)[number]

export function met(coverage: Coverage, world: World, fault: FaultStep): void {
  for (const state of ['any', ...world.statesOf(fault.node)]) count(coverage, fault.kind, state)
}

function count(coverage: Coverage, fault: string, state: string, times = 1): void {
  const row = coverage.get(fault) ?? new Map<string, number>()
  coverage.set(fault, row)
  row.set(state, (row.get(state) ?? 0) + times)
}

export function add(to: Coverage, from: Coverage): void {
  for (const [fault, row] of from) for (const [state, times] of row) count(to, fault, state, times)
}

/** A table: a line per fault, a column per state. */
export function showCoverage(coverage: Coverage): string {
  const columns = ['any', ...STATES]
  const lines = FAULT_KINDS.map(fault => [fault, ...columns.map(state => String(coverage.get(fault)?.get(state) ?? 0))])
  const table = [['', ...columns], ...lines]
  const widths = table[0]!.map((_, column) => Math.max(...table.map(line => line[column]!.length)))
  const shown = table.map(line =>
    line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' '),
  )
  const untried = lines.flatMap(([fault, ...counts]) =>
    counts.flatMap((times, i) => (times === '0' ? `${fault} while ${columns[i]}` : [])),
  )
  return [...shown, `${untried.length} of ${lines.length * columns.length} never tried`].join('\n')
}
