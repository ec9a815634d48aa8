/** DescribeKinesisStreamingDestination: the streams that were asked for, the latest first. */
import { operation } from './operation.ts'
import { MISSING_TABLE_NAME, tableName } from './shape/common.ts'
import { required, structure } from './shape/shape.ts'
import { findForControl } from './table/find.ts'
import { describeDestination } from './table/kinesis.ts'

export const describeKinesisStreamingDestination = operation({
  name: 'DescribeKinesisStreamingDestination',
  input: structure({ TableName: required(tableName, MISSING_TABLE_NAME) }),
  handle({ TableName }, call) {
    const { name, kinesisDestinations = [] } = findForControl(call, TableName)
    return {
      TableName: name,
      KinesisDataStreamDestinations: kinesisDestinations.map(destination => describeDestination(destination, call)),
    }
  },
})
