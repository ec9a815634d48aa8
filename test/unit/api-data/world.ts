/** Tables whose rows are in memory, ordered by encoded key, behind the interface that handlers see. */

import { JsonText, type Operation } from '../../../server/api/operation.ts'
import { decode } from '../../../server/api/shape/decode.ts'
import type { BackupServices } from '../../../server/backup/services.ts'
import { silent } from '../../../server/base/logger.ts'
import type { Cluster, Items, RangePage, RangeTarget, Tables } from '../../../server/cluster/cluster.ts'
import { DynamoError } from '../../../server/model/errors.ts'
import type { Item, ScalarType } from '../../../server/model/item.ts'
import {
  type GlobalIndexRecord,
  type LocalIndexRecord,
  type ProjectionDefinition,
  schemaOf,
  type TableRecord,
} from '../../../server/model/table.ts'
import type { Image, Page, WriteCommand, WriteOutcome } from '../../../server/partition/command.ts'
import { evaluate } from '../../../server/partition/evaluate.ts'
import { indexRow } from '../../../server/partition/indexes.ts'
import type { Streams } from '../../../server/streams/streams.ts'
import { Telemetry } from '../../../server/telemetry/telemetry.ts'
import { transactionsOf } from './transactions.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers are JSON, looked into by tests alone.
export type Json = any

type Row = { key: Buffer; image: Image }
type Rows = Map<string, Row>

export type World = {
  /** Runs an operation on a request as it comes from the wire; answers as the wire would carry it. */
  run(operation: Operation, request: object): Promise<Json>
  /** The code and message of what an operation throws. */
  refusal(operation: Operation, request: object): Promise<string>
  /** Errors to throw from accesses to an item, by the item's hash value. */
  faults: Map<string, DynamoError>
  telemetry: Telemetry
  /** Added to the statistics of every table. */
  ballast: { bytes: number }
}

export function world(...records: TableRecord[]): World {
  const rows = new Map<string, Rows>()
  const faults = new Map<string, DynamoError>()
  const ballast = { bytes: 0 }
  const cluster = clusterOf(new Map(records.map(record => [record.name, record])), rows, faults, ballast)
  const backup = undefined as unknown as BackupServices
  const telemetry = new Telemetry(cluster.tables, silent)
  const meter = telemetry.begin('Test', 'R', {})
  const streams = undefined as unknown as Streams
  const world = { cluster, backup, streams }
  const call = { ...world, region: 'us-east-1', account: '123456789012', requestId: 'R', meter }
  const run = async (operation: Operation, request: object) => {
    const input = decode(operation.input, JSON.parse(JSON.stringify(request)))
    const answer = await operation.handle(input, call)
    return JSON.parse(answer instanceof JsonText ? answer.text : JSON.stringify(answer))
  }
  const refusal = async (operation: Operation, request: object) => {
    try {
      await run(operation, request)
    } catch (error) {
      if (!(error instanceof DynamoError)) throw error
      return error.code === 'ValidationException' ? error.message : `${error.code}: ${error.message}`
    }
    return 'none'
  }
  return { run, refusal, faults, telemetry, ballast }
}

function clusterOf(
  records: Map<string, TableRecord>,
  stored: Map<string, Rows>,
  faults: Map<string, DynamoError>,
  ballast: { bytes: number },
): Cluster {
  const rowsOf = (id: string) => stored.get(id) ?? stored.set(id, new Map()).get(id)!
  const bytesOf = (id: string) => [...rowsOf(id).values()].reduce((sum, row) => sum + row.image.size, 0)
  const unused = () => Promise.reject(new Error('not for data operations'))
  const tables: Tables = {
    find: name => records.get(name),
    latest: async name => records.get(name),
    refresh: async () => false,
    list: () => [...records.keys()].sort(),
    create: unused,
    change: unused,
    delete: unused,
    async statistics(table) {
      const figure = (id: string) => ({ items: rowsOf(id).size, bytes: bytesOf(id) })
      const indexes = [...table.localIndexes, ...table.globalIndexes].map(({ id, name }) => [name, figure(id)] as const)
      const own = figure(table.id)
      return { table: { ...own, bytes: own.bytes + ballast.bytes }, indexes: Object.fromEntries(indexes) }
    },
  }
  const items: Items = {
    async get(table, key) {
      const image = rowsOf(table.id).get(key.toString('hex'))?.image
      meetFault(faults, table, image && JSON.parse(image.json))
      return image
    },
    async write(table, command) {
      meetFault(faults, table, command.kind === 'put' ? command.item : command.keyItem)
      return write(table, command, rowsOf)
    },
    async range(table, target, request) {
      return page([...rowsOf(targetId(table, target)).values()], request)
    },
  }
  const transactions = transactionsOf({
    get: (table, key) => rowsOf(table.id).get(key.toString('hex'))?.image,
    write: (table, command) => write(table, command, rowsOf),
    mark() {
      const before = [...stored].map(([id, rows]) => [id, new Map(rows)] as const)
      return () => {
        for (const rows of stored.values()) rows.clear()
        for (const [id, rows] of before) for (const [place, row] of rows) rowsOf(id).set(place, row)
      }
    },
  })
  return { tables, items, transactions, now: () => 0, uuid: () => '00000000-0000-0000-0000-000000000000' }
}

function meetFault(faults: Map<string, DynamoError>, table: TableRecord, item: Item | undefined): void {
  const fault = faults.get(item?.[table.keySchema[0]!.AttributeName]?.S ?? '')
  if (fault) throw fault
}

function targetId(table: TableRecord, target: RangeTarget): string {
  if (target === undefined) return table.id
  return 'localIndex' in target ? target.localIndex : target.globalIndex.id
}

function write(table: TableRecord, command: WriteCommand, rowsOf: (id: string) => Rows): WriteOutcome {
  const schema = schemaOf(table)
  const rows = rowsOf(table.id)
  const place = command.key.toString('hex')
  const before = rows.get(place)?.image
  const { effect, outcome } = evaluate(schema, command, { size: () => before?.size, image: () => before })
  if (effect === undefined) return outcome
  const { image } = effect
  if (image) rows.set(place, { key: command.key, image })
  else rows.delete(place)
  for (const index of schema.indexes) {
    const old = before && indexRow(schema, index, { ...before, item: JSON.parse(before.json) })
    if (old) rowsOf(index.id).delete(old.key.toString('hex'))
    const now = image && indexRow(schema, index, { ...image, item: JSON.parse(image.json) })
    if (now) rowsOf(index.id).set(now.key.toString('hex'), { key: now.key, image: now.image })
  }
  return outcome
}

function page(rows: Row[], { from, to, after, reverse, limit, maxBytes }: RangePage): Page {
  const direction = reverse ? -1 : 1
  const inside = rows
    .filter(({ key }) => Buffer.compare(key, from) >= 0 && Buffer.compare(key, to) < 0)
    .filter(({ key }) => after === undefined || Buffer.compare(key, after) * direction > 0)
    .sort((a, b) => Buffer.compare(a.key, b.key) * direction)
  const taken: Image[] = []
  let bytes = 0
  for (const { image } of inside) {
    taken.push(image)
    bytes += image.size
    if (taken.length === limit || bytes >= maxBytes) return { rows: taken, bytes, cut: true }
  }
  return { rows: taken, bytes, cut: false }
}

const THROUGHPUT = { read: 0, write: 0 }

type IndexOptions = { key: string; projection?: ProjectionDefinition; creating?: boolean }

/**
 * A table record. Keys are written `pk` or `pk sk`, several attributes of one kind as `a+b c+d`; an attribute is a string
 * unless its name ends in `:N` or `:B`.
 */
export function table(
  name: string,
  key: string,
  options: { local?: Record<string, IndexOptions>; global?: Record<string, IndexOptions> } = {},
): TableRecord {
  const types = new Map<string, ScalarType>()
  const elements = (text: string) =>
    text.split(' ').flatMap((part, i) =>
      part.split('+').map(attribute => {
        const [attributeName, type = 'S'] = attribute.split(':') as [string, ScalarType?]
        types.set(attributeName, type)
        return { AttributeName: attributeName, KeyType: i === 0 ? ('HASH' as const) : ('RANGE' as const) }
      }),
    )
  const keySchema = elements(key)
  const index = ([indexName, given]: [string, IndexOptions]): LocalIndexRecord => ({
    id: `${name}/${indexName}`,
    name: indexName,
    keySchema: elements(given.key),
    projection: given.projection ?? { ProjectionType: 'ALL' },
  })
  const localIndexes = Object.entries(options.local ?? {}).map(index)
  const globalIndexes = Object.entries(options.global ?? {}).map(
    ([indexName, given]): GlobalIndexRecord => ({
      ...index([indexName, given]),
      status: given.creating ? 'CREATING' : 'ACTIVE',
      throughput: THROUGHPUT,
      warmThroughput: THROUGHPUT,
      partitions: [],
    }),
  )
  return {
    id: name,
    name,
    status: 'ACTIVE',
    createdAt: 0,
    attributeDefinitions: [...types].map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
    keySchema,
    localIndexes,
    globalIndexes,
    billingMode: 'PAY_PER_REQUEST',
    throughput: THROUGHPUT,
    warmThroughput: THROUGHPUT,
    deletionProtection: false,
    tags: [],
    partitions: [],
  }
}

export const S = (text: string) => ({ S: text })
export const N = (value: number | string) => ({ N: String(value) })
