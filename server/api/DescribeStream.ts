import { createdAt, type StreamRecord } from '../cluster/streamrecords.ts'
import { type Shard, sequenceText, shardsOf } from '../streams/shards.ts'
import { type Call, operation } from './operation.ts'
import { enumeration, integer, required, structure } from './shape/shape.ts'
import { arnOf, findStream } from './stream/find.ts'
import { shardId, streamArn } from './stream/shape.ts'
import { SECOND } from './table/limits.ts'

const PAGE = 100

type ShardDescription = {
  ShardId: string
  ParentShardId?: string
  SequenceNumberRange: { StartingSequenceNumber: string; EndingSequenceNumber?: string }
}

export const describeStream = operation({
  name: 'DescribeStream',
  input: structure({
    StreamArn: required(streamArn),
    Limit: integer({ min: 1, max: PAGE }),
    ExclusiveStartShardId: shardId,
    ShardFilter: structure({ Type: enumeration(['CHILD_SHARDS']), ShardId: shardId }, { name: 'ShardFilter' }),
  }),
  async handle({ StreamArn, Limit = PAGE, ExclusiveStartShardId = '', ShardFilter }, call) {
    const stream = findStream(call, StreamArn)
    const { table, label, status, viewType, keySchema } = stream
    const shards = await describeShards(stream, call)
    const wanted = ShardFilter?.Type ? shards.filter(shard => shard.ParentShardId === ShardFilter.ShardId) : shards
    const rest = wanted.filter(({ ShardId }) => ShardId > ExclusiveStartShardId)
    const page = rest.slice(0, Limit)
    return {
      StreamDescription: {
        StreamArn: arnOf(call, stream),
        StreamLabel: label,
        StreamStatus: status,
        StreamViewType: viewType,
        CreationRequestDateTime: createdAt(stream) / SECOND,
        TableName: table.name,
        KeySchema: keySchema,
        Shards: page,
        LastEvaluatedShardId: rest.length > page.length ? page.at(-1)!.ShardId : undefined,
      },
    }
  },
})

/** Those that are there: while the stream is being enabled, there may be fewer. */
async function describeShards(stream: StreamRecord, call: Call): Promise<ShardDescription[]> {
  const shards = await Promise.all(shardsOf(stream).map(shard => describeShard(stream, shard, call)))
  return shards.filter(shard => shard !== undefined)
}

async function describeShard(stream: StreamRecord, { id, partition, parent }: Shard, call: Call) {
  const state = await call.streams.shard(stream, partition)
  if (!state) return undefined
  const { since, until } = state
  const range: ShardDescription['SequenceNumberRange'] = { StartingSequenceNumber: sequenceText(partition, since) }
  if (until !== undefined) range.EndingSequenceNumber = sequenceText(partition, until)
  const shard: ShardDescription = { ShardId: id, SequenceNumberRange: range }
  return parent === undefined ? shard : { ...shard, ParentShardId: parent }
}
