import { operation } from './operation.ts'
import { integer, string, structure } from './shape/shape.ts'
import { arnOf } from './stream/find.ts'
import { streamArn } from './stream/shape.ts'

const PAGE = 100

/** Of all tables, or of one; also of tables that were deleted within the last day. */
export const listStreams = operation({
  name: 'ListStreams',
  input: structure({
    TableName: string({ min: 3, max: 255, pattern: '[a-zA-Z0-9_.-]+' }),
    Limit: integer({ min: 1, max: PAGE }),
    ExclusiveStartStreamArn: streamArn,
  }),
  handle({ TableName, Limit = PAGE, ExclusiveStartStreamArn = '' }, call) {
    const streams = call.streams.list(TableName).map(stream => ({
      StreamArn: arnOf(call, stream),
      TableName: stream.table.name,
      StreamLabel: stream.label,
    }))
    const rest = streams.filter(({ StreamArn }) => StreamArn > ExclusiveStartStreamArn)
    const page = rest.slice(0, Limit)
    return { Streams: page, LastEvaluatedStreamArn: rest.length > page.length ? page.at(-1)!.StreamArn : undefined }
  },
})
