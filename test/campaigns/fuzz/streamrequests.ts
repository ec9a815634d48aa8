/** Valid requests to the service of streams. */
import { iteratorText } from '../../../server/streams/iterator.ts'
import { type Make, maybe } from './parts.ts'
import { ask } from './service.ts'

/** The stream of all requests. Its name has the time in it: of a replayed request, this alone differs. */
const stream = {
  arn: `arn:aws:dynamodb:us-east-1:123456789012:table/none/stream/${new Date(0).toISOString().slice(0, -1)}`,
  shard: `shardId-${'0'.repeat(20)}`,
}

const TABLE = 'fuzz-stream'
const OPERATIONS = ['ListStreams', 'DescribeStream', 'GetShardIterator', 'GetRecords']

/** What comes before an operation's name in X-Amz-Target. */
export function serviceOf(operation: string): string {
  return OPERATIONS.includes(operation) ? 'DynamoDBStreams_20120810' : 'DynamoDB_20120810'
}

/** Makes a table with a stream. It may be deleted by any request; its stream is then still there. */
export async function openStream(endpoint: string): Promise<void> {
  const { TableDescription } = await ask(endpoint, 'CreateTable', {
    TableName: TABLE,
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
  })
  stream.arn = (TableDescription as { LatestStreamArn: string }).LatestStreamArn
  for (const i of [1, 2, 3])
    await ask(endpoint, 'PutItem', { TableName: TABLE, Item: { pk: { S: 'a' }, i: { N: `${i}` } } })
  const { StreamDescription } = await ask(endpoint, 'DescribeStream', { StreamArn: stream.arn })
  stream.shard = (StreamDescription as { Shards: { ShardId: string }[] }).Shards[0]!.ShardId
}

export const listStreams: Make = (random, { name }) => ({
  ...maybe(random, 0.3, () => ({ TableName: random.chance(0.5) ? TABLE : name })),
  ...maybe(random, 0.3, () => ({ Limit: 1 + random.below(100) })),
  ...maybe(random, 0.2, () => ({ ExclusiveStartStreamArn: stream.arn })),
})

export const describeStream: Make = random => ({
  StreamArn: stream.arn,
  ...maybe(random, 0.3, () => ({ Limit: 1 + random.below(100) })),
  ...maybe(random, 0.2, () => ({ ExclusiveStartShardId: stream.shard })),
  ...maybe(random, 0.2, () => ({ ShardFilter: { Type: 'CHILD_SHARDS', ShardId: stream.shard } })),
})

export const getShardIterator: Make = random => ({
  StreamArn: stream.arn,
  ShardId: stream.shard,
  ...(random.chance(0.5)
    ? { ShardIteratorType: random.pick(['TRIM_HORIZON', 'LATEST']) }
    : {
        ShardIteratorType: random.pick(['AT_SEQUENCE_NUMBER', 'AFTER_SEQUENCE_NUMBER']),
        SequenceNumber: `1${'0'.repeat(20)}${random.pick(['', '0000000000001', '9'.repeat(19)])}`,
      }),
})

export const getRecords: Make = random => {
  const from = random.pick([undefined, 0n, 70_000n, 2n ** 62n, 10n ** 30n, -1n])
  return {
    ShardIterator: iteratorText({ arn: stream.arn, shard: stream.shard, from, issued: Date.now() }),
    ...maybe(random, 0.3, () => ({ Limit: 1 + random.below(1000) })),
  }
}
