/** All methods, by their names on the wire. */
import type { Method } from './method.ts'
import * as changes from './methods/changes.ts'
import * as feeds from './methods/feeds.ts'
import * as history from './methods/history.ts'
import * as items from './methods/items.ts'
import * as replicas from './methods/replicas.ts'
import * as transactions from './methods/transactions.ts'

/** What it takes and gives is known to the method alone. */
export type AnyMethod = Method<unknown, unknown>

export const METHODS: ReadonlyMap<string, AnyMethod> = new Map(
  [items, changes, history, transactions, feeds, replicas]
    .flatMap(room => Object.values(room) as AnyMethod[])
    .map(method => [method.name, method] as const),
)
