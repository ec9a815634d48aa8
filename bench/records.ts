/** What GetRecords reads: a table of its own with a stream, of which every request asks for the same page. */
import { ask, Refusal } from './client.ts'
import { type BenchTable, batchOf, createTable, OPERATIONS, type Operation, RECORDS } from './workload.ts'

const TIMEOUT_MS = 20_000
const POLL_MS = 50

type Json = { [name: string]: Json } & Json[] & string

/** Makes the requests of an operation, by the item they begin at; whatever they need beside the table is made first. */
export async function requesterOf(
  port: number,
  operation: Operation,
  table: BenchTable,
): Promise<(index: number) => object> {
  const { request } = OPERATIONS[operation]
  const iterator = operation === 'GetRecords' ? await iteratorOf(port, table) : ''
  return index => request(table, index, iterator)
}

/** The first place in the stream, with a page of records behind it. Errors: the server has no streams. */
async function iteratorOf(port: number, { name, bytes }: BenchTable): Promise<string> {
  const streamed = { name: `${name}.stream`, items: RECORDS, bytes, viewType: 'NEW_AND_OLD_IMAGES' }
  const isNew = await create(port, streamed)
  return eventually(async () => {
    const { Table } = await call(port, 'DescribeTable', { TableName: streamed.name })
    if (Table!.TableStatus !== 'ACTIVE') return undefined
    if (isNew) for (const _ of [1, 2]) await call(port, 'BatchWriteItem', batchOf(streamed, 0, RECORDS))
    const StreamArn = Table!.LatestStreamArn
    const { StreamDescription } = await call(port, 'DescribeStream', { StreamArn })
    const [shard] = StreamDescription!.Shards as Json[]
    const place = { StreamArn, ShardId: shard?.ShardId, ShardIteratorType: 'TRIM_HORIZON' }
    const { ShardIterator } = await call(port, 'GetShardIterator', place)
    const { Records } = await call(port, 'GetRecords', { ShardIterator, Limit: RECORDS })
    return Records!.length === RECORDS ? (ShardIterator as string) : undefined
  })
}

/** @returns false if the table was there */
async function create(port: number, table: BenchTable): Promise<boolean> {
  try {
    await call(port, 'CreateTable', createTable(table))
    return true
  } catch (error) {
    if (error instanceof Refusal && error.code === 'ResourceInUseException') return false
    throw error
  }
}

async function call(port: number, operation: string, body: object): Promise<Json> {
  return JSON.parse((await ask(port, operation, body)).toString()) as Json
}

async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (const end = performance.now() + TIMEOUT_MS; performance.now() < end; ) {
    const found = await look()
    if (found !== undefined) return found
    await new Promise(resolve => setTimeout(resolve, POLL_MS))
  }
  throw new Error('the stream has not what was written')
}
