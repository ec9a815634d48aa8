/** UpdateKinesisStreamingDestination: refused, for no destination is ever active. */
import { validation } from '../model/errors.ts'
import { operation } from './operation.ts'
import { MISSING_TABLE_NAME, tableName } from './shape/common.ts'
import { required, structure } from './shape/shape.ts'
import { findForControl } from './table/find.ts'
import { kinesisConfiguration, kinesisStreamArn, wrongDestinationState } from './table/kinesis.ts'

export const updateKinesisStreamingDestination = operation({
  name: 'UpdateKinesisStreamingDestination',
  input: structure({
    TableName: required(tableName, MISSING_TABLE_NAME),
    StreamArn: required(kinesisStreamArn),
    UpdateKinesisStreamingConfiguration: kinesisConfiguration('UpdateKinesisStreamingConfiguration'),
  }),
  handle({ TableName, StreamArn, UpdateKinesisStreamingConfiguration: configuration }, call) {
    if (configuration?.ApproximateCreationDateTimePrecision === undefined) {
      throw validation(
        'Streaming destination cannot be updated with given parameters: UpdateKinesisStreamingConfiguration cannot be null or contain only null values',
      )
    }
    const { name } = findForControl(call, TableName)
    throw wrongDestinationState(
      `Kinesis streaming is not in ACTIVE state. Updates are only allowed in ACTIVE state. TableName: ${name}, kdsArn: ${StreamArn}`,
    )
  },
})
