/** Pairs of tables of one shape and content: one is spoken to in requests, the other in statements. */
import type { Item, ScalarType } from '../../../server/model/item.ts'
import type { Random } from '../random.ts'
import { answerOf, expectEqual, type Json, type Send, sorted } from './client.ts'
import { keyValue, otherAttributes } from './values.ts'

export type Attribute = { name: string; type: ScalarType }

/** `carried`: beside the keys; undefined for all attributes. */
export type Index = { name: string; kind: 'LOCAL' | 'GLOBAL'; key: Attribute[]; carried: string[] | undefined }

export type Twins = {
  /** The table that requests speak to. */
  native: string
  /** The table that statements speak to. */
  spoken: string
  key: Attribute[]
  indexes: Index[]
}

const attribute = (name: string, type: ScalarType): Attribute => ({ name, type })
const G = attribute('g', 'S')
const H = attribute('h', 'N')

const SHAPES: Pick<Twins, 'key' | 'indexes'>[] = [
  { key: [attribute('pk', 'S')], indexes: [] },
  {
    key: [attribute('pk', 'S'), attribute('sk', 'N')],
    indexes: [
      { name: 'all', kind: 'GLOBAL', key: [G, H], carried: undefined },
      { name: 'byH', kind: 'LOCAL', key: [attribute('pk', 'S'), H], carried: [] },
    ],
  },
  {
    key: [attribute('pk', 'N'), attribute('sk', 'S')],
    indexes: [
      { name: 'keys', kind: 'GLOBAL', key: [G], carried: [] },
      { name: 'some', kind: 'LOCAL', key: [attribute('pk', 'N'), H], carried: ['a', 'm'] },
    ],
  },
  { key: [attribute('pk', 'B'), attribute('sk', 'B')], indexes: [] },
]

export async function makeTwins(send: Send): Promise<Twins[]> {
  const twins = SHAPES.map((shape, i) => ({ ...shape, native: `native-${i}`, spoken: `spoken-${i}` }))
  for (const pair of twins) {
    for (const name of [pair.native, pair.spoken]) await answerOf(send, 'CreateTable', tableRequest(name, pair))
  }
  return twins
}

function tableRequest(TableName: string, { key, indexes }: Twins): object {
  const attributes = new Map([key, ...indexes.map(index => index.key)].flat().map(({ name, type }) => [name, type]))
  const of = (kind: Index['kind']) => {
    const list = indexes.filter(index => index.kind === kind).map(indexRequest)
    return list.length > 0 ? list : undefined
  }
  return {
    TableName,
    AttributeDefinitions: [...attributes].map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
    KeySchema: keySchema(key),
    LocalSecondaryIndexes: of('LOCAL'),
    GlobalSecondaryIndexes: of('GLOBAL'),
    BillingMode: 'PAY_PER_REQUEST',
  }
}

function indexRequest({ name, key, carried }: Index): object {
  const ProjectionType = carried === undefined ? 'ALL' : carried.length === 0 ? 'KEYS_ONLY' : 'INCLUDE'
  const NonKeyAttributes = ProjectionType === 'INCLUDE' ? carried : undefined
  return { IndexName: name, KeySchema: keySchema(key), Projection: { ProjectionType, NonKeyAttributes } }
}

function keySchema(key: Attribute[]): object[] {
  return key.map(({ name }, i) => ({ AttributeName: name, KeyType: i === 0 ? 'HASH' : 'RANGE' }))
}

export function randomKey(random: Random, { key }: Twins): Item {
  return Object.fromEntries(key.map(({ name, type }) => [name, keyValue(random, type)]))
}

export function randomItem(random: Random, twins: Twins): Item {
  return { ...randomKey(random, twins), ...otherAttributes(random) }
}

export async function fill(send: Send, random: Random, twins: Twins, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const Item = randomItem(random, twins)
    for (const TableName of [twins.native, twins.spoken]) await answerOf(send, 'PutItem', { TableName, Item })
  }
}

/** All items of the table or the index. */
export async function itemsOf(send: Send, TableName: string, IndexName?: string): Promise<Json[]> {
  const { Items } = await answerOf(send, 'Scan', { TableName, IndexName })
  return Items
}

/** @throws Difference */
export async function compareTwins(send: Send, { native, spoken, indexes }: Twins): Promise<void> {
  for (const index of [undefined, ...indexes.map(({ name }) => name)]) {
    const [expected, actual] = [await itemsOf(send, native, index), await itemsOf(send, spoken, index)]
    expectEqual(`${spoken} ${index ?? ''}`, sorted(actual), sorted(expected))
  }
}
