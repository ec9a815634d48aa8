/** A valid request of every operation; whether it is granted depends on what the tables hold. */
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
import type { Random } from './random.ts'
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
import { type JsonObject, name, ordinaryNumber, ordinaryValue } from './values.ts'

export type ApiRequest = { operation: string; input: JsonObject }

type Make = (random: Random, table: Table) => JsonObject

/** A request of an operation that chance picks: most are for items, a few for tables. */
export function validRequest(random: Random): ApiRequest {
  const [operation, [, make]] = random.weighted(Object.entries(OPERATIONS).map(entry => [entry[1][0], entry] as const))
  return { operation, input: make(random, random.pick(TABLES)) }
}

/** `TableName`, by name or ARN. */
function target(random: Random, { name }: Table): { TableName: string } {
  return { TableName: random.chance(0.9) ? name : arnOf(name) }
}

function arnOf(name: string): string {
  return `arn:aws:dynamodb:us-east-1:123456789012:table/${name}`
}

function maybe(random: Random, probability: number, members: () => JsonObject): JsonObject {
  return random.chance(probability) ? members() : {}
}

const reports = (random: Random) =>
  maybe(random, 0.3, () => ({ ReturnConsumedCapacity: random.pick(['INDEXES', 'TOTAL', 'NONE']) }))

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

const put: Make = (random, table) => {
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

const remove: Make = (random, table) => {
  const { Item, ...rest } = put(random, table)
  return { ...rest, Key: keyOf(random, table.key) }
}

const change: Make = (random, table) => {
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

const get: Make = (random, table) => {
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

const batchGet: Make = random => {
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

const batchWrite: Make = random => {
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

const query: Make = (random, table) => {
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

const scan: Make = (random, table) => {
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

const throughput = (random: Random) => ({
  ReadCapacityUnits: 1 + random.below(10),
  WriteCapacityUnits: 1 + random.below(10),
})

const billing = (random: Random, { provisioned }: Table) =>
  provisioned
    ? { BillingMode: 'PROVISIONED', ProvisionedThroughput: throughput(random) }
    : { BillingMode: 'PAY_PER_REQUEST' }

function definitions(...keys: KeyAttribute[][]): { AttributeName: string; AttributeType: string }[] {
  const types = new Map(keys.flat().map(({ name, type }) => [name, type]))
  return [...types].map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType }))
}

function keySchema(key: KeyAttribute[]): JsonObject[] {
  return key.map(({ name, role }) => ({ AttributeName: name, KeyType: role }))
}

function indexRequest(random: Random, { provisioned }: Table, { name, key, projection }: Index, global: boolean) {
  return {
    IndexName: name,
    KeySchema: keySchema(key),
    Projection: projection,
    ...(global && provisioned && { ProvisionedThroughput: throughput(random) }),
  }
}

const create: Make = (random, table) => {
  const { name, key, local, global } = table
  return {
    TableName: name,
    AttributeDefinitions: definitions(key, ...[...local, ...global].map(index => index.key)),
    KeySchema: keySchema(key),
    ...(local.length > 0 && { LocalSecondaryIndexes: local.map(index => indexRequest(random, table, index, false)) }),
    ...(global.length > 0 && { GlobalSecondaryIndexes: global.map(index => indexRequest(random, table, index, true)) }),
    ...billing(random, table),
    ...maybe(random, 0.2, () => ({ Tags: tagsOf(random) })),
    ...maybe(random, 0.1, () => ({ TableClass: 'STANDARD_INFREQUENT_ACCESS' })),
    ...maybe(random, 0.1, () => ({ SSESpecification: { Enabled: true, SSEType: 'KMS' } })),
  }
}

const updateTable: Make = (random, table) => {
  const { key, passing } = table
  const settings = random.weighted<() => JsonObject>([
    [passing.length > 0 ? 3 : 0, () => indexUpdate(random, table, random.pick(passing))],
    [1, () => billing(random, table)],
    [1, () => ({ DeletionProtectionEnabled: random.chance(0.2) })],
    [1, () => ({ TableClass: random.pick(['STANDARD', 'STANDARD_INFREQUENT_ACCESS']) })],
    [1, () => ({ StreamSpecification: { StreamEnabled: random.chance(0.5), StreamViewType: 'NEW_IMAGE' } })],
    [1, () => ({ AttributeDefinitions: definitions(key) })],
    [1, () => ({ OnDemandThroughput: { MaxReadRequestUnits: random.pick([-1, 1, 4000]) } })],
    [1, () => ({ WarmThroughput: { ReadUnitsPerSecond: 12_000, WriteUnitsPerSecond: 4000 } })],
  ])()
  return { ...target(random, table), ...settings }
}

function indexUpdate(random: Random, table: Table, index: Index): JsonObject {
  return random.weighted<() => JsonObject>([
    [
      4,
      () => ({
        AttributeDefinitions: definitions(table.key, index.key),
        GlobalSecondaryIndexUpdates: [{ Create: indexRequest(random, table, index, true) }],
      }),
    ],
    [2, () => ({ GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: index.name } }] })],
    [
      1,
      () => ({
        GlobalSecondaryIndexUpdates: [{ Update: { IndexName: index.name, ProvisionedThroughput: throughput(random) } }],
      }),
    ],
  ])()
}

function tagsOf(random: Random): JsonObject[] {
  const keys = new Set(random.some(1, 5, () => random.pick(['a', 'b', 'c', '__proto__', 'constructor', 'ü'])))
  return [...keys].map(Key => ({ Key, Value: ordinaryNumber(random) }))
}

const resource = ({ name }: Table) => ({ ResourceArn: arnOf(name) })

const timeToLive: Make = (random, table) => ({
  ...target(random, table),
  TimeToLiveSpecification: { Enabled: random.chance(0.5), AttributeName: random.pick(['number', '__proto__']) },
})

/** By operation: how often, and its requests. */
export const OPERATIONS: { [operation: string]: readonly [weight: number, make: Make] } = {
  PutItem: [14, put],
  UpdateItem: [14, change],
  Query: [14, query],
  Scan: [7, scan],
  GetItem: [7, get],
  BatchWriteItem: [6, batchWrite],
  DeleteItem: [4, remove],
  BatchGetItem: [4, batchGet],
  CreateTable: [6, create],
  UpdateTable: [4, updateTable],
  DeleteTable: [0.8, target],
  DescribeTable: [2, target],
  ListTables: [2, random => maybe(random, 0.5, () => ({ Limit: 1 + random.below(100) }))],
  UpdateTimeToLive: [1.5, timeToLive],
  DescribeTimeToLive: [1, target],
  DescribeContinuousBackups: [1, target],
  DescribeLimits: [0.5, () => ({})],
  DescribeEndpoints: [0.5, () => ({})],
  TagResource: [1.5, (random, table) => ({ ...resource(table), Tags: tagsOf(random) })],
  UntagResource: [1, (random, table) => ({ ...resource(table), TagKeys: [random.pick(['a', 'b', '__proto__'])] })],
  ListTagsOfResource: [1, (_, table) => resource(table)],
}
