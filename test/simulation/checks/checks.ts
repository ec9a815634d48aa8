/** What must be so at the end of every run. */
import type { History } from '../history.ts'
import type { Json } from '../roles/server.ts'
import type { Setup } from '../script.ts'
import type { World } from '../world.ts'
import { checkItems } from './items.ts'

export type Looking = {
  /** A request, with its answer. Errors: its own. */
  ask(operation: string, input: object): Json
  /** Errors: that it takes too long. */
  wait(what: string, done: () => boolean): void
}

/** Errors: the first thing that is not as it must be. */
export function checkAll(_world: World, history: History, _setup: Setup, looking: Looking): void {
  checkItems(history, looking)
}
