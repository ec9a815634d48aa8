/** What the soak asks for: reads, puts, conditional updates, queries, batches and deletes, on two tables, one of them with indexes. */
import type { Random } from '../random.ts'

export const PLAIN = 'SoakPlain'
export const INDEXED = 'SoakIndexed'
export const GLOBAL = 'ByOwner'
export const LOCAL = 'ByAmount'

/** Items under one partition key. */
const PER_KEY = 20
/** One item of so many counts its updates; it is never put anew or deleted, so that no count is lost but by the server. */
const COUNTER_EVERY = 20
const OWNERS = 2000
const BATCH = 5

/** Keys in each table, and bytes of the part of an item that only fills it. */
export type Size = { items: number; bytes: number }

export type Ask = { operation: string; body: object /** Whether it adds one to a counter. */; counts?: boolean }

const attribute = (name: string, type = 'S') => ({ AttributeName: name, AttributeType: type })
const key = (name: string, type = 'HASH') => ({ AttributeName: name, KeyType: type })
const all = { Projection: { ProjectionType: 'ALL' } }

const KEYS = { BillingMode: 'PAY_PER_REQUEST', KeySchema: [key('pk'), key('sk', 'RANGE')] }

export const CREATE_TABLES = [
  { TableName: PLAIN, ...KEYS, AttributeDefinitions: [attribute('pk'), attribute('sk', 'N')] },
  {
    TableName: INDEXED,
    ...KEYS,
    AttributeDefinitions: [attribute('pk'), attribute('sk', 'N'), attribute('owner'), attribute('amount', 'N')],
    GlobalSecondaryIndexes: [{ IndexName: GLOBAL, KeySchema: [key('owner'), key('sk', 'RANGE')], ...all }],
    LocalSecondaryIndexes: [{ IndexName: LOCAL, KeySchema: [key('pk'), key('amount', 'RANGE')], ...all }],
  },
]

export function keyOf(index: number) {
  return { pk: { S: `order#${Math.floor(index / PER_KEY)}` }, sk: { N: String(index % PER_KEY) } }
}

/** The same key each time, the rest by chance: rows of indexes move. */
function itemOf(index: number, { bytes }: Size, random: Random) {
  return {
    ...keyOf(index),
    owner: { S: `owner#${random.below(OWNERS)}` },
    amount: { N: String(random.below(10_000)) },
    status: { S: 'open' },
    visits: { N: '0' },
    note: { S: 'x'.repeat(bytes) },
  }
}

function isCounter(index: number): boolean {
  return index % COUNTER_EVERY === 0
}

/** Batches that fill both tables. */
export function fillOf(size: Size, random: Random): Ask[] {
  const asks: Ask[] = []
  for (const table of [PLAIN, INDEXED])
    for (let first = 0; first < size.items; first += BATCH) {
      const count = Math.min(BATCH, size.items - first)
      const puts = Array.from({ length: count }, (_, offset) => putOf(first + offset, size, random))
      asks.push({ operation: 'BatchWriteItem', body: { RequestItems: { [table]: puts } } })
    }
  return asks
}

function putOf(index: number, size: Size, random: Random) {
  return { PutRequest: { Item: itemOf(index, size, random) } }
}

/** One request by chance. */
export function askOf(size: Size, random: Random): Ask {
  const TableName = random.chance(0.7) ? PLAIN : INDEXED
  const index = random.below(size.items)
  const changed = isCounter(index) ? index + 1 : index
  const operation = random.weighted([
    [40, 'GetItem'],
    [25, 'Query'],
    [15, 'PutItem'],
    [12, 'UpdateItem'],
    [4, 'BatchWriteItem'],
    [4, 'DeleteItem'],
  ])
  switch (operation) {
    case 'GetItem':
      return { operation, body: { TableName, Key: keyOf(index), ConsistentRead: random.chance(0.5) } }
    case 'Query':
      return { operation, body: { TableName, ...rangeOf(TableName, index, random), Limit: PER_KEY } }
    case 'PutItem':
      return { operation, body: { TableName, Item: itemOf(changed, size, random) } }
    case 'UpdateItem':
      return { operation, body: { TableName, ...visitOf(index - (index % COUNTER_EVERY)) }, counts: true }
    case 'BatchWriteItem': {
      const first = Math.min(index - (index % COUNTER_EVERY), size.items - BATCH - 1) + 1
      const puts = Array.from({ length: BATCH }, (_, offset) => putOf(first + offset, size, random))
      return { operation, body: { RequestItems: { [TableName]: puts } } }
    }
    default:
      return { operation, body: { TableName, Key: keyOf(changed) } }
  }
}

function rangeOf(table: string, index: number, random: Random): object {
  const of = (name: string, value: string) => ({
    KeyConditionExpression: `#key = :value`,
    ExpressionAttributeNames: { '#key': name },
    ExpressionAttributeValues: { ':value': { S: value } },
  })
  const byKey = of('pk', keyOf(index).pk.S)
  if (table === PLAIN || random.chance(0.4)) return byKey
  if (random.chance(0.5)) return { IndexName: LOCAL, ...byKey }
  return { IndexName: GLOBAL, ...of('owner', `owner#${random.below(OWNERS)}`) }
}

/** Errors: ConditionalCheckFailedException if the counter is gone, which must never be. */
function visitOf(counter: number): object {
  return {
    Key: keyOf(counter),
    UpdateExpression: 'SET #status = :seen ADD visits :one',
    ConditionExpression: 'attribute_exists(pk)',
    ExpressionAttributeNames: { '#status': 'status' },
    ExpressionAttributeValues: { ':seen': { S: 'seen' }, ':one': { N: '1' } },
  }
}
