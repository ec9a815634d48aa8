/** Valid transactions, over one table or several; whether they are granted depends on what the tables hold. */
import type { Random } from '../random.ts'
import { condition, newScope, parametersOf, projection, update } from './expressions.ts'
import { type Make, maybe, reports, target } from './parts.ts'
import { itemOf, keyOf, TABLES, type Table } from './tables.ts'
import type { JsonObject } from './values.ts'

const failures = (random: Random) => maybe(random, 0.2, () => ({ ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }))

export const transactWrite: Make = (random, table) => ({
  TransactItems: random.some(1, random.chance(0.1) ? 20 : 4, () => action(random, tableFor(random, table))),
  ...maybe(random, 0.3, () => ({ ClientRequestToken: `token ${random.below(20)}` })),
  ...maybe(random, 0.2, () => ({ ReturnItemCollectionMetrics: 'SIZE' })),
  ...reports(random),
})

export const transactGet: Make = (random, table) => ({
  TransactItems: random.some(1, 4, () => {
    const one = tableFor(random, table)
    const scope = newScope()
    const projected = maybe(random, 0.3, () => ({ ProjectionExpression: projection(random, scope) }))
    return { Get: { ...target(random, one), Key: keyOf(random, one.key), ...projected, ...parametersOf(scope) } }
  }),
  ...reports(random),
})

function tableFor(random: Random, table: Table): Table {
  return random.chance(0.7) ? table : random.pick(TABLES)
}

function action(random: Random, table: Table): JsonObject {
  const scope = newScope()
  const kind = random.pick(['Put', 'Put', 'Update', 'Delete', 'ConditionCheck'])
  const item = kind === 'Put' ? { Item: itemOf(random, table) } : { Key: keyOf(random, table.key) }
  const changes = kind === 'Update' ? { UpdateExpression: update(random, scope, table) } : {}
  const guard = kind === 'ConditionCheck' || random.chance(0.3) ? { ConditionExpression: condition(random, scope) } : {}
  return {
    [kind]: { ...target(random, table), ...item, ...changes, ...guard, ...parametersOf(scope), ...failures(random) },
  }
}
