/**
 * Kinesis streams as destinations of a table's changes (facts, section 5.5). No Kinesis can be reached from here, so what
 * DynamoDB finds out of a stream that does not exist is what becomes of every one: enabling it fails, a moment later.
 */
import { type DynamoError, validation } from '../../model/errors.ts'
import type { KinesisDestination, TableRecord } from '../../model/table.ts'
import type { Call } from '../operation.ts'
import { enumeration, string, structure } from '../shape/shape.ts'

/** Destinations that a table remembers. */
const MAX_DESTINATIONS = 50

export const kinesisStreamArn = string({ min: 37, max: 1024 })

/** The configuration members; `name` as in the API model. */
export function kinesisConfiguration(name: string) {
  return structure({ ApproximateCreationDateTimePrecision: enumeration(['MILLISECOND', 'MICROSECOND']) }, { name })
}

/** The table with one more failed destination, or with a known one that failed again. */
export function withDestination(table: TableRecord, destination: KinesisDestination): TableRecord {
  const others = (table.kinesisDestinations ?? []).filter(({ streamArn }) => streamArn !== destination.streamArn)
  return { ...table, kinesisDestinations: [destination, ...others].slice(0, MAX_DESTINATIONS) }
}

/** KinesisDataStreamDestination. */
export function describeDestination({ streamArn, precision }: KinesisDestination, call: Call): object {
  const isElsewhere = streamArn.split(':')[3] !== call.region
  return {
    StreamArn: streamArn,
    DestinationStatus: 'ENABLE_FAILED',
    DestinationStatusDescription: isElsewhere
      ? 'The kinesis Arn used to enable kinesis replication belongs to a stream which is not in the current region'
      : 'User does not have a permission to use kinesis stream',
    ApproximateCreationDateTimePrecision: precision,
  }
}

/** ValidationException: what is asked for needs a destination in another state. */
export function wrongDestinationState(what: string): DynamoError {
  return validation(`Table is not in a valid state to enable Kinesis Streaming Destination: ${what}`)
}
