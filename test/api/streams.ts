/** What the tests of streams share. */
import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb'
import { type _Record, DynamoDBStreams, type Shard } from '@aws-sdk/client-dynamodb-streams'

export type Change = _Record

/** The SDK's client of streams; the caller destroys it. It never retries. */
export function streamsClient(endpoint: string): DynamoDBStreams {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'secret' }
  return new DynamoDBStreams({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 })
}

/** For `makeTable`: a table with a stream. */
export function withStream(StreamViewType = 'NEW_AND_OLD_IMAGES' as const): Partial<CreateTableCommandInput> {
  return { StreamSpecification: { StreamEnabled: true, StreamViewType } }
}

export async function shardsOf(streams: DynamoDBStreams, StreamArn: string): Promise<Shard[]> {
  const shards: Shard[] = []
  for (let start: string | undefined, more = true; more; more = start !== undefined) {
    const { StreamDescription } = await streams.describeStream({ StreamArn, ExclusiveStartShardId: start })
    shards.push(...StreamDescription!.Shards!)
    start = StreamDescription!.LastEvaluatedShardId
  }
  return shards
}

export async function iteratorOf(
  streams: DynamoDBStreams,
  StreamArn: string,
  ShardId: string,
  type: string,
  n?: string,
) {
  const request = { StreamArn, ShardId, ShardIteratorType: type as 'LATEST', SequenceNumber: n }
  return (await streams.getShardIterator(request)).ShardIterator!
}

/** A Kinesis-style consumer's loop: the records from the iterator on, and where it ended. `next`: undefined for a closed shard. */
export async function readFrom(streams: DynamoDBStreams, iterator: string, Limit?: number) {
  const records: Change[] = []
  for (let next: string | undefined = iterator; ; ) {
    const page: { Records?: Change[]; NextShardIterator?: string } = await streams.getRecords({
      ShardIterator: next,
      Limit,
    })
    records.push(...page.Records!)
    next = page.NextShardIterator
    if (next === undefined || page.Records!.length === 0) return { records, next }
  }
}

/** All that can be read, shard by shard. */
export async function readAll(streams: DynamoDBStreams, arn: string, limit?: number): Promise<Change[]> {
  const all: Change[] = []
  for (const { ShardId } of await shardsOf(streams, arn)) {
    const { records } = await readFrom(streams, await iteratorOf(streams, arn, ShardId!, 'TRIM_HORIZON'), limit)
    all.push(...records)
  }
  return all
}
