/** The server as its tester asks it in between: plain requests that must be granted. */
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { serviceOf } from './streamrequests.ts'
import { TABLES } from './tables.ts'

type Answer = { [name: string]: unknown }
type Item = { [name: string]: { [type: string]: unknown } }
type Description = {
  TableName: string
  TableStatus: string
  KeySchema: { AttributeName: string }[]
  AttributeDefinitions: { AttributeName: string; AttributeType: string }[]
  LocalSecondaryIndexes?: IndexDescription[]
  GlobalSecondaryIndexes?: IndexDescription[]
}
type IndexDescription = { IndexName: string; IndexStatus?: string; KeySchema: { AttributeName: string }[] }

/** Calls an operation. Errors: it was refused; the message is the answer's body. */
export async function ask(endpoint: string, operation: string, input: object): Promise<Answer> {
  const headers = {
    'Content-Type': 'application/x-amz-json-1.0',
    'X-Amz-Target': `${serviceOf(operation)}.${operation}`,
    'X-Amz-Date': '20260101T000000Z',
    Authorization:
      'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
  }
  const response = await fetch(endpoint, { method: 'POST', headers, body: JSON.stringify(input) })
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${operation} was refused: ${text}`)
  return JSON.parse(text) as Answer
}

export async function tableNames(endpoint: string): Promise<string[]> {
  const { TableNames, LastEvaluatedTableName } = await ask(endpoint, 'ListTables', {})
  if (LastEvaluatedTableName !== undefined) throw new Error('more than a hundred tables')
  return TableNames as string[]
}

/** Deletes the tables that mutations have made under other names, or with other keys, than ours; or begins to. */
export async function removeStrays(endpoint: string): Promise<void> {
  for (const TableName of await tableNames(endpoint)) {
    // Whatever is busy, protected or just gone is met again later, or not at all.
    if (await isOurs(endpoint, TableName).catch(() => true)) continue
    await ask(endpoint, 'UpdateTable', { TableName, DeletionProtectionEnabled: false }).catch(() => {})
    await ask(endpoint, 'DeleteTable', { TableName }).catch(() => {})
  }
}

async function isOurs(endpoint: string, TableName: string): Promise<boolean> {
  const ours = TABLES.find(table => table.name === TableName)
  if (ours === undefined) return false
  const { KeySchema, AttributeDefinitions } = await describe(endpoint, TableName)
  const types = new Map(AttributeDefinitions.map(({ AttributeName, AttributeType }) => [AttributeName, AttributeType]))
  return isDeepStrictEqual(
    KeySchema.map(({ AttributeName }) => [AttributeName, types.get(AttributeName)]),
    ours.key.map(({ name, type }) => [name, type]),
  )
}

async function describe(endpoint: string, TableName: string): Promise<Description> {
  return (await ask(endpoint, 'DescribeTable', { TableName })).Table as Description
}

/** Of a process, in MiB. */
export async function residentMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)![1]) / 1024
}

/** All items of every table at rest, by table and canonical text. Errors: an index that does not hold what its table has. */
export async function contents(endpoint: string): Promise<Map<string, string[]>> {
  const all = new Map<string, string[]>()
  for (const name of await tableNames(endpoint)) {
    const table = await atRest(endpoint, name)
    if (table === undefined) continue
    const items = await scan(endpoint, { TableName: name, ConsistentRead: true })
    all.set(name, items.map(canonical).sort())
    for (const index of [...(table.LocalSecondaryIndexes ?? []), ...(table.GlobalSecondaryIndexes ?? [])]) {
      await checkIndex(endpoint, table, index, items)
    }
  }
  return all
}

const REST_MS = 5000

/** The table's description when nothing is under way; undefined if it is gone by then. Errors: something stays under way. */
async function atRest(endpoint: string, TableName: string): Promise<Description | undefined> {
  const end = Date.now() + REST_MS
  while (true) {
    if (!(await tableNames(endpoint)).includes(TableName)) return undefined
    const table = await describe(endpoint, TableName)
    const statuses = [table.TableStatus, ...(table.GlobalSecondaryIndexes ?? []).map(index => index.IndexStatus)]
    if (statuses.every(status => status === 'ACTIVE')) return table
    if (Date.now() > end) throw new Error(`table ${TableName} does not come to rest: ${statuses}`)
    await sleep(50)
  }
}

/** An index has the items that have all attributes of its key, of their types and not empty: not fewer, not more. */
async function checkIndex(endpoint: string, table: Description, index: IndexDescription, items: Item[]): Promise<void> {
  const wanted = index.KeySchema.map(element => element.AttributeName)
  const keyNames = [...new Set([...wanted, ...table.KeySchema.map(element => element.AttributeName)])]
  const keyOf = (item: Item) => canonical(Object.fromEntries(keyNames.map(name => [name, item[name]!])))
  const types = new Map(
    table.AttributeDefinitions.map(definition => [definition.AttributeName, definition.AttributeType]),
  )
  // Items from before the index may have attributes of its key that are unfit for it.
  const isFit = (item: Item, name: string) =>
    Object.hasOwn(item, name) && Boolean((item[name] as { [type: string]: unknown })[types.get(name)!])
  const expected = items
    .filter(item => wanted.every(name => isFit(item, name)))
    .map(keyOf)
    .sort()
  const end = Date.now() + REST_MS
  while (true) {
    const found = await scan(endpoint, { TableName: table.TableName, IndexName: index.IndexName })
    if (isDeepStrictEqual(found.map(keyOf).sort(), expected)) return
    if (Date.now() > end) {
      throw new Error(
        `index ${index.IndexName} of ${table.TableName} has ${found.length} items instead of ${expected.length}`,
      )
    }
    await sleep(50)
  }
}

async function scan(endpoint: string, input: object): Promise<Item[]> {
  const items: Item[] = []
  let start: unknown
  do {
    const page = await ask(endpoint, 'Scan', { ...input, ...(start !== undefined && { ExclusiveStartKey: start }) })
    items.push(...(page.Items as Item[]))
    start = page.LastEvaluatedKey
  } while (start !== undefined)
  return items
}

/** The same text for the same item: attributes by name, members of sets in order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}
