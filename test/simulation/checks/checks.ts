/** What must be so at the end of every run. */
import type { History } from '../history.ts'
import type { Json } from '../roles/server.ts'
import type { Setup } from '../script.ts'
import type { World } from '../world.ts'
import { checkAccounts } from './accounts.ts'
import { checkExpiries } from './expiries.ts'
import { checkIndexes } from './indexes.ts'
import { checkItems } from './items.ts'
import { checkLists } from './lists.ts'
import { checkReplicas } from './replicas.ts'
import { checkStreams } from './streams.ts'
import { checkTables } from './tables.ts'

export type Looking = {
  /** A request, with its answer. Errors: its own. */
  ask(operation: string, input: object): Json
  /** Errors: that it takes too long. */
  wait(what: string, done: () => boolean): void
}

/** Errors: the first thing that is not as it must be. */
export function checkAll(world: World, history: History, { stream, timeToLive }: Setup, looking: Looking): void {
  checkItems(history, looking)
  checkLists(history, looking)
  checkAccounts(looking)
  if (timeToLive) checkExpiries(world, history, looking)
  checkIndexes(looking)
  checkStreams(looking, stream)
  checkTables(world, history, looking)
  checkReplicas(world, looking)
}
