import { dynamo, validation } from '../model/errors.ts'
import type { ShardState } from '../partition/command.ts'
import { iteratorText } from '../streams/iterator.ts'
import { sequenceAt } from '../streams/shards.ts'
import { operation } from './operation.ts'
import { enumeration, required, string, structure } from './shape/shape.ts'
import { findShard, findStream, shardNotFound } from './stream/find.ts'
import { shardId, streamArn } from './stream/shape.ts'

/** What reading too far back is told. */
export const TRIMMED = 'The operation attempted to read past the oldest stream record in a shard.'

type Kind = 'TRIM_HORIZON' | 'LATEST' | 'AT_SEQUENCE_NUMBER' | 'AFTER_SEQUENCE_NUMBER'

export const getShardIterator = operation({
  name: 'GetShardIterator',
  input: structure({
    StreamArn: required(streamArn),
    ShardId: required(shardId),
    ShardIteratorType: required(
      enumeration(['AFTER_SEQUENCE_NUMBER', 'LATEST', 'AT_SEQUENCE_NUMBER', 'TRIM_HORIZON'] satisfies Kind[]),
    ),
    SequenceNumber: string({ min: 21, max: 40 }),
  }),
  async handle({ StreamArn: arn, ShardId, ShardIteratorType: kind, SequenceNumber }, call) {
    const isNumbered = kind === 'AT_SEQUENCE_NUMBER' || kind === 'AFTER_SEQUENCE_NUMBER'
    if (isNumbered && SequenceNumber === undefined)
      throw validation(`SequenceNumber is required for ShardIteratorType ${kind}`)
    if (!isNumbered && SequenceNumber !== undefined)
      throw validation(`SequenceNumber must not be specified for ShardIteratorType ${kind}`)
    const stream = findStream(call, arn)
    const { partition } = findShard(stream, arn, ShardId)
    const state = await call.streams.shard(stream, partition)
    if (!state) throw shardNotFound(arn, ShardId)
    const from = isNumbered ? numberedPlace(partition, state, kind, SequenceNumber!) : openPlace(state, kind)
    return { ShardIterator: iteratorText({ arn, shard: ShardId, from, issued: call.cluster.now() }) }
  },
})

function openPlace({ next, until }: ShardState, kind: Kind): bigint | undefined {
  return kind === 'LATEST' ? (until ?? next) : undefined
}

/** Errors: TrimmedDataAccessException; ValidationException for what no change has, nor will soon. */
function numberedPlace(partition: string, state: ShardState, kind: Kind, text: string): bigint {
  if (!/^\d+$/.test(text)) throw validation(`Invalid SequenceNumber: ${text}`)
  const { since, until, trimmed, next } = state
  const place = sequenceAt(partition, text, kind === 'AFTER_SEQUENCE_NUMBER')
  if (place < since || place <= trimmed) throw dynamo('TrimmedDataAccessException', TRIMMED)
  if (place > (until ?? next)) throw validation(`Invalid SequenceNumber: ${text}`)
  return place
}
