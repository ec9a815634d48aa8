import type { StreamRecord } from '../cluster/streamrecords.ts'
import { type DynamoError, dynamo, validation } from '../model/errors.ts'
import { schemaOf } from '../model/table.ts'
import { ITERATOR_LIFE_MS, iteratorText, parseIterator, type ShardIterator } from '../streams/iterator.ts'
import { recordText } from '../streams/record.ts'
import { changeNames } from '../streams/shards.ts'
import { TRIMMED } from './GetShardIterator.ts'
import { type Call, JsonText, operation } from './operation.ts'
import { integer, required, string, structure } from './shape/shape.ts'
import { findShard, findStream, shardNotFound } from './stream/find.ts'

const MAX_RECORDS = 1000
const MAX_BYTES = 1024 * 1024

export const getRecords = operation({
  name: 'GetRecords',
  input: structure({
    ShardIterator: required(string({ min: 1, max: 2048 })),
    Limit: integer({ min: 1, max: MAX_RECORDS }),
  }),
  async handle({ ShardIterator: text, Limit: limit = MAX_RECORDS }, call) {
    const iterator = parseIterator(text)
    if (!iterator) throw validation('Invalid ShardIterator')
    const { arn, shard, from } = iterator
    const stream = findStream(call, arn)
    const now = call.cluster.now()
    if (now > iterator.issued + ITERATOR_LIFE_MS) throw expired(iterator, now)
    const { partition } = findShard(stream, arn, shard)
    const request = { label: stream.label, from: from ?? 0n, limit, maxBytes: MAX_BYTES }
    const page = await call.streams.read(partition, request)
    if (!page) throw shardNotFound(arn, shard)
    // From the oldest there is, nothing is missed.
    if (from !== undefined && from <= page.trimmed) throw dynamo('TrimmedDataAccessException', TRIMMED)
    const context = { stream, key: schemaOf(stream.table).key, names: changeNames(partition), region: call.region }
    const records = page.rows.map(change => recordText(change, context)).join(',')
    count(call, stream, page.rows.length, records)
    const next = page.resume === undefined ? undefined : { arn, shard, from: page.resume, issued: now }
    return new JsonText(`{"Records":[${records}]${next ? `,"NextShardIterator":"${iteratorText(next)}"` : ''}}`)
  },
})

function count(call: Call, { table }: StreamRecord, records: number, text: string): void {
  const current = call.cluster.tables.find(table.name)
  if (current?.id === table.id) call.meter.returnedRecords(current, records, Buffer.byteLength(text))
}

function expired({ issued }: ShardIterator, now: number): DynamoError {
  const [created, current] = [issued, now].map(time => new Date(time).toUTCString())
  return dynamo(
    'ExpiredIteratorException',
    `Iterator expired. The iterator was created at time ${created} while right now it is ${current} which is further in the future than the tolerated delay of ${ITERATOR_LIFE_MS} milliseconds.`,
  )
}
