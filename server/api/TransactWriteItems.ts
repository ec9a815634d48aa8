/** TransactWriteItems: up to 100 puts, updates, deletes and checks, in any tables, all of them or none. */
import type { TransactAction } from '../cluster/cluster.ts'
import type { Item } from '../model/item.ts'
import { collectionBound, collectionMetrics } from './item/collection.ts'
import { spliceList, spliceMap, spliceObject } from './item/splice.ts'
import { type Call, operation } from './operation.ts'
import { returnConsumedCapacity, returnItemCollectionMetrics } from './shape/common.ts'
import { list, required, string, structure } from './shape/shape.ts'
import { findForData } from './table/find.ts'
import { bindAction, commandOf, transactWriteItem } from './transact/actions.ts'
import { checkAction, checkBytes, checkDistinct, MAX_ACTIONS } from './transact/check.ts'
import { fingerprint } from './transact/fingerprint.ts'
import { writeAll } from './transact/perform.ts'
import { transactCapacity } from './transact/report.ts'

const shape = structure({
  ReturnConsumedCapacity: returnConsumedCapacity,
  ReturnItemCollectionMetrics: returnItemCollectionMetrics,
  ClientRequestToken: string({ min: 1, max: 36 }),
  TransactItems: required(list(transactWriteItem, { min: 1, max: MAX_ACTIONS })),
})

/** `item`: what is put, or a key. */
type Action = TransactAction & { item: Item }

export const transactWriteItems = operation({
  name: 'TransactWriteItems',
  input: shape,
  async handle({ TransactItems, ClientRequestToken, ReturnConsumedCapacity, ReturnItemCollectionMetrics }, call) {
    const bound = TransactItems.map(bindAction)
    checkBytes(bound.reduce((sum, { bytes }) => sum + bytes, 0))
    const tables = bound.map(({ given }) => findForData(call, given))
    const actions = bound.map((action, i): Action => {
      const table = tables[i]!
      return { table, item: action.item, command: checkAction(i, bound.length, () => commandOf(action, table)) }
    })
    checkDistinct(actions.map(({ table, command }) => ({ table, key: command.key })))
    const token =
      ClientRequestToken === undefined ? undefined : { token: ClientRequestToken, request: fingerprint(TransactItems) }
    const { outcomes, replayed } = await writeAll(call, actions, token)
    const shares = outcomes.map(({ units }, i) => ({ given: bound[i]!.given, table: tables[i]!, units }))
    return spliceObject({
      ItemCollectionMetrics: ReturnItemCollectionMetrics === 'SIZE' ? await metricsOf(call, actions) : undefined,
      ConsumedCapacity: transactCapacity(call, ReturnConsumedCapacity, shares, replayed ? 'Read' : 'Write'),
    })
  },
})

/** By table, an entry for each item collection that was written to; undefined if no table has collections. */
async function metricsOf(call: Call, actions: Action[]): Promise<string | undefined> {
  const members = new Map<string, Set<string>>()
  for (const { table, item, command } of actions) {
    if (table.localIndexes.length === 0 || command.kind === 'check') continue
    const metrics = collectionMetrics(table, item, await collectionBound(call.cluster, table))
    const known = members.get(table.name)
    if (known) known.add(metrics)
    else members.set(table.name, new Set([metrics]))
  }
  if (members.size === 0) return undefined
  return spliceMap([...members].map(([name, metrics]) => [name, spliceList([...metrics])]))
}
