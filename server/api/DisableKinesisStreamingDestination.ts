/** DisableKinesisStreamingDestination: refused, for no destination is ever active. */
import { validation } from '../model/errors.ts'
import { operation } from './operation.ts'
import { MISSING_TABLE_NAME, tableName } from './shape/common.ts'
import { required, structure } from './shape/shape.ts'
import { findForControl } from './table/find.ts'
import { kinesisConfiguration, kinesisStreamArn, wrongDestinationState } from './table/kinesis.ts'

export const disableKinesisStreamingDestination = operation({
  name: 'DisableKinesisStreamingDestination',
  input: structure({
    TableName: required(tableName, MISSING_TABLE_NAME),
    StreamArn: required(kinesisStreamArn),
    EnableKinesisStreamingConfiguration: kinesisConfiguration('EnableKinesisStreamingConfiguration'),
  }),
  handle({ TableName, EnableKinesisStreamingConfiguration: configuration }, call) {
    if (configuration !== undefined) {
      throw validation('Stream cannot be disabled using EnableKinesisStreamingConfiguration parameters')
    }
    findForControl(call, TableName)
    throw wrongDestinationState('KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.')
  },
})
