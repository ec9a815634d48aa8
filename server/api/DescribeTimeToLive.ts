import { validation } from '../model/errors.ts'
import { operation } from './operation.ts'
import { MISSING_TABLE_NAME, tableName } from './shape/common.ts'
import { required, structure } from './shape/shape.ts'
import { findForControl } from './table/find.ts'

export const describeTimeToLive = operation({
  name: 'DescribeTimeToLive',
  input: structure({ TableName: required(tableName, MISSING_TABLE_NAME) }),
  handle({ TableName }, call) {
    const { status, timeToLive } = findForControl(call, TableName)
    if (status === 'CREATING' || status === 'DELETING') {
      throw validation(
        `Cannot describe time to live while table is in ${status} state: Current table state is ${status}`,
      )
    }
    return {
      TimeToLiveDescription: timeToLive?.enabled
        ? { TimeToLiveStatus: 'ENABLED', AttributeName: timeToLive.attribute }
        : { TimeToLiveStatus: 'DISABLED' },
    }
  },
})
