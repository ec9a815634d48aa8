/** Requests as a client of the API writes them. */
import type { Item } from '../../server/model/item.ts'
import type { Op, Value } from '../linearizability/history.ts'
import type { Json } from './roles/server.ts'
import type { Request, Setup } from './script.ts'

export const TABLE = 'items'
export const INDEX = 'by-owner'
export const LATE_INDEX = 'by-value'
export const LOCAL_INDEX = 'by-rank'

export type ApiRequest = { operation: string; input: object; name?: string }

const S = (value: string) => ({ S: value })
const N = (value: number) => ({ N: String(value) })
const keyOf = (name: string) => ({ p: S(name), s: N(1) })
const CONDITION_TOLD = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }

export function itemRequest(name: string, op: Op, { owner, rank }: { owner?: string; rank?: number }): ApiRequest {
  const Key = keyOf(name)
  if (op.kind === 'get') return { operation: 'GetItem', input: { TableName: TABLE, Key, ConsistentRead: true } }
  if (op.kind === 'delete') return { operation: 'DeleteItem', input: { TableName: TABLE, Key } }
  if (op.kind === 'add') {
    const UpdateExpression = 'SET v = if_not_exists(v, :zero) + :by, #o = :o'
    const ExpressionAttributeValues = { ':zero': N(0), ':by': N(op.by), ':o': S('counters') }
    const names = { ExpressionAttributeNames: { '#o': 'owner' }, ReturnValues: 'ALL_NEW' }
    return {
      operation: 'UpdateItem',
      input: { TableName: TABLE, Key, UpdateExpression, ExpressionAttributeValues, ...names },
    }
  }
  const more = { ...(owner !== undefined && { owner: S(owner) }), ...(rank !== undefined && { rank: N(rank) }) }
  const Item = { ...Key, v: S(String(op.value)), ...more }
  if (op.kind === 'put') return { operation: 'PutItem', input: { TableName: TABLE, Item } }
  const condition =
    op.expected === undefined
      ? { ConditionExpression: 'attribute_not_exists(p)' }
      : { ConditionExpression: 'v = :expected', ExpressionAttributeValues: { ':expected': valueFor(op.expected) } }
  return { operation: 'PutItem', input: { TableName: TABLE, Item, ...condition, ...CONDITION_TOLD } }
}

export function valueIn(item: Json): Value {
  const value = (item as Item | undefined)?.v
  if (!value) return undefined
  return value.S ?? Number(value.N)
}

function valueFor(value: Value) {
  return typeof value === 'number' ? N(value) : S(String(value))
}

function appendTo(name: string, id: string) {
  return {
    TableName: TABLE,
    Key: keyOf(name),
    UpdateExpression: 'SET ids = list_append(if_not_exists(ids, :none), :id)',
    ExpressionAttributeValues: { ':none': { L: [] }, ':id': { L: [S(id)] } },
  }
}

export function appendOne(name: string, id: string): ApiRequest {
  return { operation: 'UpdateItem', input: { ...appendTo(name, id), ReturnValues: 'ALL_NEW' } }
}

export function appendAll(names: string[], id: string, token: string | undefined): ApiRequest {
  const TransactItems = names.map(name => ({ Update: appendTo(name, id) }))
  return { operation: 'TransactWriteItems', input: { TransactItems, ClientRequestToken: token } }
}

export function readOne(name: string): ApiRequest {
  return { operation: 'GetItem', input: { TableName: TABLE, Key: keyOf(name), ConsistentRead: true } }
}

export function readAll(names: readonly string[]): ApiRequest {
  const TransactItems = names.map(name => ({ Get: { TableName: TABLE, Key: keyOf(name) } }))
  return { operation: 'TransactGetItems', input: { TransactItems } }
}

export function listIn(item: Json): string[] {
  return (item?.ids?.L ?? []).map(({ S }: { S: string }) => S)
}

export function transfer(from: string, to: string, amount: number, token: string | undefined): ApiRequest {
  const values = { ExpressionAttributeValues: { ':x': N(amount) } }
  const take = { ...values, UpdateExpression: 'SET balance = balance - :x', ConditionExpression: 'balance >= :x' }
  const give = { ...values, UpdateExpression: 'SET balance = balance + :x' }
  const TransactItems = [
    { Update: { TableName: TABLE, Key: keyOf(from), ...take } },
    { Update: { TableName: TABLE, Key: keyOf(to), ...give } },
  ]
  return { operation: 'TransactWriteItems', input: { TransactItems, ClientRequestToken: token } }
}

export function account(name: string, balance: number): ApiRequest {
  return { operation: 'PutItem', input: { TableName: TABLE, Item: { ...keyOf(name), balance: N(balance) } } }
}

export function expiring(name: string, expires: number): object {
  return { TableName: TABLE, Item: { ...keyOf(name), expires: N(expires), owner: S('time') } }
}

const PROJECTION = { Projection: { ProjectionType: 'ALL' } }
const STREAM = { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' }

export function createTable({ localIndex, globalIndex, stream }: Setup): ApiRequest {
  const key = { p: 'S', s: 'N', ...(localIndex && { rank: 'N' }), ...(globalIndex && { owner: 'S' }) }
  const AttributeDefinitions = Object.entries(key).map(([AttributeName, AttributeType]) => ({
    AttributeName,
    AttributeType,
  }))
  const range = (AttributeName: string) => ({ AttributeName, KeyType: 'RANGE' })
  const hash = (AttributeName: string) => ({ AttributeName, KeyType: 'HASH' })
  const local = { IndexName: LOCAL_INDEX, KeySchema: [hash('p'), range('rank')], ...PROJECTION }
  const global = { IndexName: INDEX, KeySchema: [hash('owner'), range('p')], ...PROJECTION }
  const input = {
    TableName: TABLE,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions,
    KeySchema: [hash('p'), range('s')],
    ...(localIndex && { LocalSecondaryIndexes: [local] }),
    ...(globalIndex && { GlobalSecondaryIndexes: [global] }),
    ...(stream && { StreamSpecification: STREAM }),
  }
  return { operation: 'CreateTable', input }
}

export function timeToLive(): ApiRequest {
  const TimeToLiveSpecification = { Enabled: true, AttributeName: 'expires' }
  return { operation: 'UpdateTimeToLive', input: { TableName: TABLE, TimeToLiveSpecification } }
}

const LATE = {
  IndexName: LATE_INDEX,
  KeySchema: [{ AttributeName: 'owner', KeyType: 'HASH' }],
  Projection: { ProjectionType: 'KEYS_ONLY' },
}

export function control(request: Request): ApiRequest {
  const update = (change: object): ApiRequest => ({ operation: 'UpdateTable', input: { TableName: TABLE, ...change } })
  const definitions = {
    AttributeDefinitions: [
      { AttributeName: 'p', AttributeType: 'S' },
      { AttributeName: 's', AttributeType: 'N' },
      { AttributeName: 'owner', AttributeType: 'S' },
    ],
  }
  switch (request.op) {
    case 'addIndex':
      return update({ ...definitions, GlobalSecondaryIndexUpdates: [{ Create: LATE }] })
    case 'removeIndex':
      return update({ GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: LATE_INDEX } }] })
    case 'streamOn':
      return update({ StreamSpecification: STREAM })
    case 'streamOff':
      return update({ StreamSpecification: { StreamEnabled: false } })
    case 'createTable':
      return { operation: 'CreateTable', input: side(request.name), name: request.name }
    case 'deleteTable':
      return { operation: 'DeleteTable', input: { TableName: request.name }, name: request.name }
    case 'putElsewhere':
      return { operation: 'PutItem', input: { TableName: request.name, Item: { p: S('x') } }, name: request.name }
    default:
      throw new Error(`${request.op} is no such request`)
  }
}

function side(name: string): object {
  const AttributeDefinitions = [{ AttributeName: 'p', AttributeType: 'S' }]
  const KeySchema = [{ AttributeName: 'p', KeyType: 'HASH' }]
  return { TableName: name, BillingMode: 'PAY_PER_REQUEST', AttributeDefinitions, KeySchema }
}
