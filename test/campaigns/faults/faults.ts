/** All faults, by name. */
import { DAMAGES } from './damage.ts'
import type { Fault } from './fault.ts'
import { GROWTH_FAULTS } from './growing.ts'
import { MACHINE_FAULTS } from './machines.ts'
import { NODE_FAULTS } from './nodes.ts'
import { QUORUM_FAULTS } from './quorums.ts'
import { WIRE_FAULTS } from './wires.ts'

export const FAULTS: Record<string, Fault> = {
  ...NODE_FAULTS,
  ...GROWTH_FAULTS,
  ...WIRE_FAULTS,
  ...QUORUM_FAULTS,
  ...MACHINE_FAULTS,
  ...DAMAGES,
}
