/** A little cluster in memory: table records and nothing else, whose work is done when the test says so. */
import type { ExecutionContext } from 'ava'
import type { Call, Operation } from '../../../server/api/operation.ts'
import { decode } from '../../../server/api/shape/decode.ts'
import type { Structure } from '../../../server/api/shape/shape.ts'
import type { BackupServices } from '../../../server/backup/services.ts'
import { systemClock } from '../../../server/base/clock.ts'
import { silent } from '../../../server/base/logger.ts'
import type { Items, TableStatistics, Tables, Transactions } from '../../../server/cluster/cluster.ts'
import { DynamoError, dynamo, resourceNotFound } from '../../../server/model/errors.ts'
import type { TableRecord } from '../../../server/model/table.ts'
import { ClusterStreams } from '../../../server/streams/streams.ts'
import { Telemetry } from '../../../server/telemetry/telemetry.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers are JSON, looked into by tests alone.
export type Json = any

export type World = {
  /** Runs an operation as `http/` does, and gives its answer as a client reads it. */
  run<S extends Structure>(operation: Operation<S>, request: object): Promise<Json>
  /** Finishes all work under way: what was CREATING or UPDATING is ACTIVE, what was DELETING is gone. */
  settle(): void
  has(name: string): boolean
  /** The record as it is kept. */
  record(name: string): TableRecord
  /** Changes the record behind the API's back. */
  put(name: string, change: Partial<TableRecord>): void
  setStatistics(name: string, statistics: TableStatistics): void
  advance(milliseconds: number): void
}

export const START = Date.UTC(2024, 1, 29, 12, 30, 15, 250)
export const ACCOUNT = '123456789012'
export const ARN = `arn:aws:dynamodb:eu-west-1:${ACCOUNT}:table/`

export function world(): World {
  const records = new Map<string, TableRecord>()
  const statistics = new Map<string, TableStatistics>()
  let now = START
  let ids = 0
  const tables = tablesOf(records, statistics, () => now)
  const leaders = { find: () => undefined }
  const call: Call = {
    cluster: {
      tables,
      items: undefined as unknown as Items,
      transactions: undefined as unknown as Transactions,
      now: () => now,
      uuid: () => `00000000-0000-4000-8000-${String(++ids).padStart(12, '0')}`,
    },
    streams: new ClusterStreams({
      tables,
      remains: { list: () => [] },
      leaders,
      clock: { ...systemClock, now: () => now },
    }),
    backup: undefined as unknown as BackupServices,
    region: 'eu-west-1',
    account: ACCOUNT,
    requestId: 'R',
    meter: new Telemetry(tables, silent).begin('Test', 'R', {}),
  }
  return {
    async run(operation, request) {
      const answer = await operation.handle(decode(operation.input, copy(request) as Record<string, never>), call)
      return answer === undefined ? undefined : copy(answer)
    },
    settle() {
      for (const record of records.values()) settled(records, record)
    },
    has: name => records.has(name),
    record: name => records.get(name)!,
    put: (name, change) => void records.set(name, { ...records.get(name)!, ...change }),
    setStatistics: (name, rows) => void statistics.set(name, rows),
    advance: milliseconds => void (now += milliseconds),
  }
}

function tablesOf(
  records: Map<string, TableRecord>,
  statistics: Map<string, TableStatistics>,
  now: () => number,
): Tables {
  const current = (name: string): TableRecord => {
    const record = records.get(name)
    if (!record) throw resourceNotFound(`Requested resource not found: Table: ${name} not found`)
    return record
  }
  const keep = (record: TableRecord): TableRecord => {
    records.set(record.name, copy(record))
    return current(record.name)
  }
  return {
    find: name => records.get(name),
    latest: async name => records.get(name),
    refresh: async () => false,
    list: () => [...records.keys()].sort(),
    async create(record) {
      if (records.has(record.name)) throw dynamo('ResourceInUseException', `Table already exists: ${record.name}`)
      return keep(record)
    },
    change: async (name, change) => keep(change(copy(current(name)), now())),
    async delete(name, check) {
      check(current(name))
      return keep({ ...current(name), status: 'DELETING' })
    },
    statistics: async table => statistics.get(table.name) ?? { table: { items: 0, bytes: 0 }, indexes: {} },
  }
}

function settled(records: Map<string, TableRecord>, record: TableRecord): void {
  if (record.status === 'DELETING') return void records.delete(record.name)
  const globalIndexes = record.globalIndexes
    .filter(index => index.status !== 'DELETING')
    .map(index => ({ ...index, status: 'ACTIVE' as const }))
  records.set(record.name, { ...record, status: 'ACTIVE', globalIndexes })
}

function copy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}

/** The table `T`: hash key `h`, on demand unless the request says otherwise. */
export function simple(request: object = {}): object {
  const isProvisioned = 'ProvisionedThroughput' in request || 'BillingMode' in request
  return {
    TableName: 'Tab',
    AttributeDefinitions: [{ AttributeName: 'h', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'h', KeyType: 'HASH' }],
    ...(isProvisioned ? {} : { BillingMode: 'PAY_PER_REQUEST' }),
    ...request,
  }
}

export function definitions(...pairs: string[]): object[] {
  return pairs.map(pair => {
    const [AttributeName, AttributeType] = pair.split(':')
    return { AttributeName, AttributeType }
  })
}

/** `keySchema('a', 'b')`: hash and range; `keySchema('a:HASH', 'b:HASH')`. */
export function keySchema(...elements: string[]): object[] {
  return elements.map((element, i) => {
    const [AttributeName, KeyType = i === 0 ? 'HASH' : 'RANGE'] = element.split(':')
    return { AttributeName, KeyType }
  })
}

export function units(read: number, write: number): object {
  return { ReadCapacityUnits: read, WriteCapacityUnits: write }
}

/** Asserts that `promise` is refused with the code and the message, to the letter. */
export async function refused(t: ExecutionContext, promise: Promise<unknown>, code: string, message: string) {
  const error = await t.throwsAsync(promise, { instanceOf: DynamoError })
  t.deepEqual([error.code, error.message], [code, message])
}

export const INVALID = 'One or more parameter values were invalid: '
export const IN_USE = 'Attempt to change a resource which is still in use: '
