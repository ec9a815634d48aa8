/** Valid requests for items; whether they are granted depends on what the tables hold. */

import type { Random } from '../random.ts'
import {
  condition,
  keyCondition,
  longIn,
  newScope,
  parametersOf,
  projection,
  type Scope,
  update,
} from './expressions.ts'
import { type Make, maybe, reports, target } from './parts.ts'
import {
  type Index,
  indexesOf,
  itemOf,
  type KeyAttribute,
  keyOf,
  TABLES,
  type Table,
  typedAttributes,
} from './tables.ts'
import { type JsonObject, name, ordinaryValue } from './values.ts'

const collections = (random: Random) => maybe(random, 0.2, () => ({ ReturnItemCollectionMetrics: 'SIZE' }))

const failures = (random: Random) => maybe(random, 0.2, () => ({ ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }))

const consistency = (random: Random) => maybe(random, 0.3, () => ({ ConsistentRead: random.chance(0.8) }))

function conditions(random: Random, scope: Scope): JsonObject {
  return maybe(random, 0.3, () => ({
    ConditionExpression: random.chance(0.9) ? condition(random, scope) : longIn(random, scope),
  }))
}

/** A condition by an expression or by `Expected`. */
function guards(random: Random, scope: Scope): JsonObject {
  if (random.chance(0.9)) return conditions(random, scope)
  const Expected = Object.fromEntries(
    random.some(1, 3, () => [
      name(random),
      random.chance(0.5)
        ? { Exists: false }
        : random.chance(0.5)
          ? { Value: ordinaryValue(random, 3) }
          : legacy(random),
    ]),
  )
  return { Expected }
}

/** A condition of the time before expressions. */
function legacy(random: Random): JsonObject {
  const operator = random.pick(['EQ', 'NE', 'LT', 'GE', 'NULL', 'NOT_NULL', 'CONTAINS', 'BEGINS_WITH', 'BETWEEN', 'IN'])
  const count = operator === 'BETWEEN' ? 2 : operator.endsWith('NULL') ? 0 : 1
  const values = random.some(count, count, () => ({ S: `text ${random.below(9)}` }))
  return { ComparisonOperator: operator, ...(count > 0 && { AttributeValueList: values }) }
}

function legacies(random: Random): JsonObject {
  return Object.fromEntries(random.some(1, 3, () => [name(random), legacy(random)]))
}

export const put: Make = (random, table) => {
  const scope = newScope()
  const guard = guards(random, scope)
  return {
    ...target(random, table),
    Item: itemOf(random, table),
    ...guard,
    ...parametersOf(scope),
    ...maybe(random, 0.3, () => ({ ReturnValues: random.pick(['ALL_OLD', 'NONE']) })),
    ...reports(random),
    ...collections(random),
    ...failures(random),
  }
}

export const remove: Make = (random, table) => {
  const { Item, ...rest } = put(random, table)
  return { ...rest, Key: keyOf(random, table.key) }
}

export const change: Make = (random, table) => {
  const scope = newScope()
  const guard = guards(random, scope)
  const changes = 'Expected' in guard ? legacyChanges(random) : { UpdateExpression: update(random, scope, table) }
  return {
    ...target(random, table),
    Key: keyOf(random, table.key),
    ...changes,
    ...guard,
    ...parametersOf(scope),
    ...maybe(random, 0.5, () => ({
      ReturnValues: random.pick(['ALL_NEW', 'UPDATED_OLD', 'ALL_OLD', 'NONE', 'UPDATED_NEW']),
    })),
    ...reports(random),
    ...collections(random),
    ...failures(random),
  }
}

function legacyChanges(random: Random): JsonObject {
  const chosen = Object.entries(typedAttributes(random)).filter(() => random.chance(0.5))
  const changes = chosen.map(([name, Value]) => [name, { Value, Action: name === 'number' ? 'ADD' : 'PUT' }] as const)
  return { AttributeUpdates: Object.fromEntries([...changes, ['a', { Action: 'DELETE' }]]) }
}

export const get: Make = (random, table) => {
  return { ...target(random, table), Key: keyOf(random, table.key), ...wanted(random), ...reports(random) }
}

/** What to read of an item, and how. */
function wanted(random: Random): JsonObject {
  const scope = newScope()
  const parts = random.weighted<() => JsonObject>([
    [7, () => ({})],
    [2, () => ({ ProjectionExpression: projection(random, scope), ...parametersOf(scope) })],
    [1, () => ({ AttributesToGet: [...new Set(random.some(1, 4, () => name(random)))] })],
  ])()
  return { ...parts, ...consistency(random) }
}

export const batchGet: Make = random => {
  const tables = random.some(1, 3, () => random.pick(TABLES))
  const parts = tables.map(table => {
    const keys = distinct(
      table,
      random.some(1, random.chance(0.1) ? 40 : 8, () => keyOf(random, table.key)),
    )
    return [table.name, { Keys: keys, ...wanted(random) }] as const
  })
  return { RequestItems: Object.fromEntries(parts), ...reports(random) }
}

export const batchWrite: Make = random => {
  const tables = random.some(1, 3, () => random.pick(TABLES))
  const parts = tables.map(table => {
    const items = distinct(
      table,
      random.some(1, 8, () => itemOf(random, table)),
    )
    const requests = items.map(Item =>
      random.chance(0.7) ? { PutRequest: { Item } } : { DeleteRequest: { Key: keyOfItem(table, Item) } },
    )
    return [table.name, requests] as const
  })
  return { RequestItems: Object.fromEntries(parts), ...reports(random), ...collections(random) }
}

function keyOfItem(table: Table, item: JsonObject): JsonObject {
  return Object.fromEntries(table.key.map(({ name }) => [name, item[name]]))
}

/** Without those whose keys came before: a batch may not name an item twice. */
function distinct<T extends JsonObject>(table: Table, items: T[]): T[] {
  return [...new Map(items.map(item => [JSON.stringify(keyOfItem(table, item)), item])).values()]
}

/** The table itself, or one of its indexes. */
function source(random: Random, table: Table): { index: Index | undefined; key: KeyAttribute[] } {
  const indexes = indexesOf(table)
  const index = random.chance(0.5) && indexes.length > 0 ? random.pick(indexes) : undefined
  return { index, key: index?.key ?? table.key }
}

/** What Query and Scan have in common. `start`: an ExclusiveStartKey that fits, but perhaps for its place. */
function page(random: Random, table: Table, index: Index | undefined, start: JsonObject): JsonObject {
  return {
    ...target(random, table),
    ...(index !== undefined && { IndexName: index.name }),
    ...maybe(random, 0.4, () => ({ Limit: random.pick([1, 2, 5, 100, 2 ** 31 - 1]) })),
    ...maybe(random, 0.3, () => ({ ExclusiveStartKey: start })),
    ...maybe(random, 0.1, () => ({ Select: random.pick(['COUNT', 'ALL_ATTRIBUTES', 'ALL_PROJECTED_ATTRIBUTES']) })),
    ...reports(random),
  }
}

export const query: Make = (random, table) => {
  const { index, key } = source(random, table)
  const scope = newScope()
  const legacyForm = random.chance(0.1)
  // One hash key for the condition and the start, so that the start is often inside.
  const pinned = keyOf(random, [...key, ...table.key])
  const KeyConditions = Object.fromEntries(
    key
      .filter(({ role }) => role === 'HASH')
      .map(({ name }) => [name, { ComparisonOperator: 'EQ', AttributeValueList: [pinned[name]] }]),
  )
  const KeyConditionExpression = keyCondition(random, scope, key, pinned)
  return {
    ...page(random, table, index, pinned),
    ...(legacyForm
      ? { KeyConditions, ...maybe(random, 0.3, () => ({ QueryFilter: legacies(random) })) }
      : {
          KeyConditionExpression,
          ...maybe(random, 0.2, () => ({ FilterExpression: condition(random, scope) })),
          ...maybe(random, 0.2, () => ({ ProjectionExpression: projection(random, scope) })),
          ...parametersOf(scope),
        }),
    ...maybe(random, 0.3, () => ({ ScanIndexForward: random.chance(0.3) })),
    ...maybe(random, 0.1, () => ({ ConsistentRead: true })),
  }
}

export const scan: Make = (random, table) => {
  const { index, key } = source(random, table)
  const scope = newScope()
  const TotalSegments = random.pick([1, 2, 3, 7, 1_000_000])
  return {
    ...page(random, table, index, keyOf(random, [...key, ...table.key])),
    ...(random.chance(0.1)
      ? { ScanFilter: legacies(random) }
      : {
          ...maybe(random, 0.3, () => ({ FilterExpression: condition(random, scope) })),
          ...maybe(random, 0.2, () => ({ ProjectionExpression: projection(random, scope) })),
          ...parametersOf(scope),
        }),
    ...maybe(random, 0.2, () => ({ TotalSegments, Segment: random.below(TotalSegments) })),
    ...maybe(random, 0.1, () => ({ ConsistentRead: true })),
  }
}
