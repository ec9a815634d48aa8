/** Valid requests for tables. */

import type { Random } from '../random.ts'
import { arnOf, type Make, maybe, target } from './parts.ts'
import type { Index, KeyAttribute, Table } from './tables.ts'
import { type JsonObject, ordinaryNumber } from './values.ts'

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

export const create: Make = (random, table) => {
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

export const updateTable: Make = (random, table) => {
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

export const resource: Make = (_, { name }) => ({ ResourceArn: arnOf(name) })

export const tag: Make = (random, table) => ({ ...resource(random, table), Tags: tagsOf(random) })

export const untag: Make = (random, table) => ({
  ...resource(random, table),
  TagKeys: [random.pick(['a', 'b', '__proto__'])],
})

export const timeToLive: Make = (random, table) => ({
  ...target(random, table),
  TimeToLiveSpecification: { Enabled: random.chance(0.5), AttributeName: random.pick(['number', '__proto__']) },
})
