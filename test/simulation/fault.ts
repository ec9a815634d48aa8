/** One thing that may go wrong: how it is drawn, how it begins and ends, and what it is called. */
import type { Random } from '../campaigns/random.ts'
import type { FaultKind } from './faults.ts'
import type { Setup } from './script.ts'
import type { World } from './world.ts'

/** `at`: milliseconds after the clients have begun; `ms`: how long it lasts. */
export type FaultStep = { at: number; ms: number; kind: FaultKind; node?: string; other?: string; amount?: number }

export type Params = { choices: Random; setup: Setup; node: string; other: string; server: string }

export type Fault = {
  draw(params: Params): Partial<FaultStep>
  begin(world: World, step: FaultStep): void
  end?(world: World, step: FaultStep): void
  say(step: FaultStep): string
  /** Whether such a cluster has something left to go on from. */
  bearable?(setup: Setup): boolean
  /** More than that in one run is more than a cluster has to bear. */
  atMost?: number
}

export function seconds(ms: number): string {
  return Math.abs(ms) < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`
}
