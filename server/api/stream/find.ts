/** From the ARN of a request to the stream, and to its shards. */
import type { StreamRecord } from '../../cluster/streamrecords.ts'
import { type DynamoError, resourceNotFound } from '../../model/errors.ts'
import { type Shard, shardsOf } from '../../streams/shards.ts'
import type { Call } from '../operation.ts'
import { parseArn, streamArn } from '../table/arn.ts'

const RESOURCE = /^table\/([a-zA-Z0-9_.-]{3,255})\/stream\/([^/]+)$/

/** Errors: ResourceNotFoundException for whatever is no stream of this account and region. */
export function findStream(call: Call, arn: string): StreamRecord {
  const { region, account, resource } = parseArn(arn) ?? { region: '', account: '', resource: '' }
  const [, table, label] = RESOURCE.exec(resource) ?? []
  const isHere = region === call.region && account === call.account
  const stream = isHere && table !== undefined ? call.streams.find(table, label!) : undefined
  if (!stream) throw notFound(arn)
  touch(call, stream)
  return stream
}

/** Errors: ResourceNotFoundException. */
export function findShard(stream: StreamRecord, arn: string, id: string): Shard {
  const shard = shardsOf(stream).find(shard => shard.id === id)
  if (!shard) throw shardNotFound(arn, id)
  return shard
}

export function notFound(arn: string): DynamoError {
  return resourceNotFound(`Requested resource not found: Stream: ${arn} not found`)
}

export function shardNotFound(arn: string, id: string): DynamoError {
  return resourceNotFound(`Requested resource not found: Shard: ${id} in Stream: ${arn} not found`)
}

export function arnOf(call: Call, { table, label }: StreamRecord): string {
  return streamArn(call, table.name, label)
}

/** Requests to streams of former tables count for no table. */
function touch(call: Call, { table }: StreamRecord): void {
  const current = call.cluster.tables.find(table.name)
  if (current?.id === table.id) call.meter.touched(current)
}
