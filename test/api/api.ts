/** What the tests of the API share: a node per file, the SDK's clients, and short ways to make tables and fill them. */
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { type CreateTableCommandInput, DynamoDB, type Projection } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocument, type NativeAttributeValue } from '@aws-sdk/lib-dynamodb'
import test, { type ExecutionContext } from 'ava'
import { startTestNode, type TestNode, type TestNodeOptions } from '../helpers/node.ts'

/** An item as lib-dynamodb has it. */
export type Plain = Record<string, NativeAttributeValue>

export type Api = {
  node: TestNode
  /** Speaks DynamoDB JSON. */
  db: DynamoDB
  /** Speaks plain values. */
  docs: DynamoDBDocument
}

/** Starts a node that ends with the test file. */
export async function startApi(options?: TestNodeOptions): Promise<Api> {
  const { api, end } = await start(options)
  test.after.always(end)
  return api
}

/** Starts a node that ends with one test. */
export async function startOwnApi(t: ExecutionContext, options?: TestNodeOptions): Promise<Api> {
  const { api, end } = await start(options)
  t.teardown(end)
  return api
}

async function start(options?: TestNodeOptions) {
  const node = await startTestNode(options)
  const api: Api = { node, ...connect(node.endpoint) }
  const end = async () => {
    api.db.destroy()
    await node.close()
  }
  return { api, end }
}

/** The SDK's clients for an endpoint. They never retry, so that a test sees every answer. */
export function connect(endpoint: string, region = 'us-east-1', accessKeyId = 'test'): Pick<Api, 'db' | 'docs'> {
  const credentials = { accessKeyId, secretAccessKey: 'secret' }
  const db = new DynamoDB({ endpoint, region, credentials, maxAttempts: 1 })
  return { db, docs: DynamoDBDocument.from(db, { marshallOptions: { removeUndefinedValues: true } }) }
}

/** `'pk:S'` has a hash key, `'pk:S | sk:N'` a range key too, `'a:S b:N | c:S d:S'` is for indexes of several attributes. */
export type KeySpec = string
export type IndexSpec = { key: KeySpec; project?: 'ALL' | 'KEYS_ONLY' | string[] }

export type TableSpec = {
  name?: string
  key: KeySpec
  local?: Record<string, IndexSpec>
  global?: Record<string, IndexSpec>
  more?: Partial<CreateTableCommandInput>
}

let tables = 0

/** Makes an on-demand table under a name of its own. @returns the name */
export async function makeTable(db: DynamoDB, spec: TableSpec): Promise<string> {
  const request = tableRequest(spec)
  await db.createTable(request)
  return request.TableName!
}

/** A table that is there before the tests of the file start. @returns the name */
export function sharedTable(db: DynamoDB, spec: TableSpec): string {
  const request = tableRequest(spec)
  test.serial.before(async () => {
    await db.createTable(request)
  })
  return request.TableName!
}

export function tableRequest({ name, key, local = {}, global = {}, more }: TableSpec): CreateTableCommandInput {
  const keys = [key, ...Object.values(local).map(index => index.key), ...Object.values(global).map(index => index.key)]
  return {
    TableName: name ?? `table-${++tables}`,
    AttributeDefinitions: attributeDefinitions(...keys),
    KeySchema: keySchema(key),
    LocalSecondaryIndexes: indexes(local),
    GlobalSecondaryIndexes: indexes(global),
    BillingMode: 'PAY_PER_REQUEST',
    ...more,
  }
}

export function attributeDefinitions(
  ...specs: KeySpec[]
): NonNullable<CreateTableCommandInput['AttributeDefinitions']> {
  const types = new Map<string, string>()
  for (const spec of specs) for (const { name, type } of attributes(spec)) types.set(name, type)
  return [...types].map(([AttributeName, type]) => ({ AttributeName, AttributeType: type as 'S' | 'N' | 'B' }))
}

export function keySchema(spec: KeySpec): NonNullable<CreateTableCommandInput['KeySchema']> {
  return attributes(spec).map(({ name, role }) => ({ AttributeName: name, KeyType: role }))
}

export function projection(project: IndexSpec['project'] = 'ALL'): Projection {
  if (typeof project === 'string') return { ProjectionType: project as 'ALL' | 'KEYS_ONLY' }
  return { ProjectionType: 'INCLUDE', NonKeyAttributes: project }
}

function attributes(spec: KeySpec): { name: string; type: string; role: 'HASH' | 'RANGE' }[] {
  const [hash, range] = spec.split('|').map(part => part.trim().split(' '))
  const of = (pairs: string[], role: 'HASH' | 'RANGE') =>
    pairs.map(pair => ({ name: pair.split(':')[0]!, type: pair.split(':')[1]!, role }))
  return [...of(hash!, 'HASH'), ...of(range ?? [], 'RANGE')]
}

function indexes(specs: Record<string, IndexSpec>) {
  const list = Object.entries(specs).map(([IndexName, { key, project }]) => ({
    IndexName,
    KeySchema: keySchema(key),
    Projection: projection(project),
  }))
  return list.length === 0 ? undefined : list
}

/** Writes items of any number, in batches. */
export async function fill(docs: DynamoDBDocument, table: string, items: Plain[]): Promise<void> {
  for (let i = 0; i < items.length; i += 25) {
    const RequestItems = { [table]: items.slice(i, i + 25).map(Item => ({ PutRequest: { Item } })) }
    await docs.batchWrite({ RequestItems })
  }
}

/** Waits until a global index has so many entries; a read that comes sooner may miss some. */
export async function indexed(docs: DynamoDBDocument, TableName: string, IndexName: string, entries: number) {
  const count = async () => (await docs.scan({ TableName, IndexName, Select: 'COUNT' })).Count
  if ((await eventually(count, entries)) !== entries) throw new Error(`${IndexName} does not get ${entries} entries`)
}

/** What `read` returns: at once if it is as expected, else the last of what it returned in two seconds. */
export async function eventually<T>(read: () => Promise<T>, expected: T): Promise<T> {
  const end = Date.now() + 2000
  while (true) {
    const value = await read()
    if (isDeepStrictEqual(value, expected) || Date.now() > end) return value
    await sleep(20)
  }
}

/** How a request was refused, as `Code: message`; `done` if it was not. */
export async function refusal(request: Promise<unknown>): Promise<string> {
  try {
    await request
    return 'done'
  } catch (error) {
    const { name, message } = error as Error
    return `${name}: ${message}`
  }
}

/** As `refusal`, for the many that are ValidationExceptions: the message alone. */
export async function invalid(request: Promise<unknown>): Promise<string> {
  const text = await refusal(request)
  return text.startsWith('ValidationException: ') ? text.slice('ValidationException: '.length) : text
}

export const INVALID_PARAMETER = 'One or more parameter values were invalid: '
