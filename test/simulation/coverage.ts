/** Which fault met which state: what was never tried is seen. */
import type { FaultStep } from './faults.ts'
import type { World } from './world.ts'

/** By fault and state, how often. */
export type Coverage = Map<string, Map<string, number>>

export function met(coverage: Coverage, world: World, fault: FaultStep): void {
  const states = world.statesOf(fault.node)
  const row = coverage.get(fault.kind) ?? new Map<string, number>()
  coverage.set(fault.kind, row)
  for (const state of ['any', ...states]) row.set(state, (row.get(state) ?? 0) + 1)
}
