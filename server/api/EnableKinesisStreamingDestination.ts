/** EnableKinesisStreamingDestination: accepted, as DynamoDB accepts any stream, and failed a moment later. */
import { operation } from './operation.ts'
import { MISSING_TABLE_NAME, tableName } from './shape/common.ts'
import { required, structure } from './shape/shape.ts'
import { findForControl } from './table/find.ts'
import { checkExists } from './table/inuse.ts'
import { kinesisConfiguration, kinesisStreamArn, withDestination } from './table/kinesis.ts'

export const enableKinesisStreamingDestination = operation({
  name: 'EnableKinesisStreamingDestination',
  input: structure({
    TableName: required(tableName, MISSING_TABLE_NAME),
    StreamArn: required(kinesisStreamArn),
    EnableKinesisStreamingConfiguration: kinesisConfiguration('EnableKinesisStreamingConfiguration'),
  }),
  async handle({ TableName, StreamArn, EnableKinesisStreamingConfiguration: configuration = {} }, call) {
    const { name } = findForControl(call, TableName)
    const precision = configuration.ApproximateCreationDateTimePrecision
    await call.cluster.tables.change(name, current => {
      checkExists(current)
      return withDestination(current, { streamArn: StreamArn, precision })
    })
    return {
      TableName: name,
      StreamArn,
      DestinationStatus: 'ENABLING',
      EnableKinesisStreamingConfiguration: configuration,
    }
  },
})
