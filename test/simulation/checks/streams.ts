/** Streams tell every change once: each item's records follow each other, and lead to what the table holds. */
import { isDeepStrictEqual } from 'node:util'
import type { Item } from '../../../server/model/item.ts'
import { TABLE } from '../requests.ts'
import type { Json } from '../roles/server.ts'
import type { Looking } from './checks.ts'
import { scan } from './indexes.ts'

/** Errors: a record that does not follow the one before it; an item that the records do not lead to. */
export function checkStreams(looking: Looking, sinceMade: boolean): void {
  const { ask } = looking
  const { Table } = ask('DescribeTable', { TableName: TABLE })
  const { Streams } = ask('ListStreams', { TableName: TABLE })
  const items = new Map(scan(looking).map(item => [nameOf(item), item]))
  for (const [i, { StreamArn, StreamLabel }] of Streams.entries()) {
    const last = replay(StreamLabel, readStream(looking, StreamArn), sinceMade && i === 0)
    if (Table.LatestStreamArn !== StreamArn || !Table.StreamSpecification?.StreamEnabled) continue
    for (const [name, item] of last)
      if (!isDeepStrictEqual(item, items.get(name))) throw new Error(differ(name, item, items.get(name)))
    if (!sinceMade || i > 0) continue
    for (const [name, item] of items) if (!last.has(name)) throw new Error(differ(name, undefined, item))
  }
}

/** @returns what the records lead to, by item; undefined for one that is gone. `isWhole`: nothing was before them. */
function replay(label: string, records: Json[], isWhole: boolean): Map<string, Item | undefined> {
  const last = new Map<string, Item | undefined>()
  const ids = new Set<string>()
  for (const { eventID, eventName, dynamodb } of records) {
    if (ids.has(eventID)) throw new Error(`the stream ${label} tells ${eventID} twice`)
    ids.add(eventID)
    const name = nameOf(dynamodb.Keys)
    const { OldImage, NewImage } = dynamodb
    const kind = OldImage ? (NewImage ? 'MODIFY' : 'REMOVE') : 'INSERT'
    if (kind !== eventName) throw new Error(`the stream ${label} calls a ${kind} of ${name} ${eventName}`)
    if ((last.has(name) || isWhole) && !isDeepStrictEqual(last.get(name), OldImage))
      throw new Error(`a change is missing in the stream ${label}: ${differ(name, last.get(name), OldImage)}`)
    last.set(name, NewImage)
  }
  return last
}

/** The numbers of shards that have taken over go on from those before them. */
function readStream({ ask }: Looking, StreamArn: string): Json[] {
  const { Shards } = ask('DescribeStream', { StreamArn }).StreamDescription
  const records: Json[] = Shards.flatMap(({ ShardId }: Json) => readShard(ask, StreamArn, ShardId))
  return records
    .map(record => [BigInt(record.dynamodb.SequenceNumber), record] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, record]) => record)
}

function readShard(ask: Looking['ask'], StreamArn: string, ShardId: string): Json[] {
  const records: Json[] = []
  let iterator = ask('GetShardIterator', { StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' }).ShardIterator
  for (let empty = 0; iterator && empty < 2; ) {
    const page = ask('GetRecords', { ShardIterator: iterator })
    records.push(...page.Records)
    empty = page.Records.length === 0 ? empty + 1 : 0
    iterator = page.NextShardIterator
  }
  const numbers = records.map(({ dynamodb }) => BigInt(dynamodb.SequenceNumber))
  if (numbers.some((number, i) => i > 0 && number <= numbers[i - 1]!))
    throw new Error(`the numbers of ${ShardId} do not grow`)
  return records
}

function nameOf({ p }: Item): string {
  return p!.S!
}

function differ(name: string, told: unknown, is: unknown): string {
  return `${name} is ${JSON.stringify(is)}, and the records lead to ${JSON.stringify(told)}`
}
