import { operation } from './operation.ts'
import { MISSING_TABLE_NAME, tableName } from './shape/common.ts'
import { required, structure } from './shape/shape.ts'
import { describeLive } from './table/describe.ts'
import { findForControl } from './table/find.ts'

export const describeTable = operation({
  name: 'DescribeTable',
  input: structure({ TableName: required(tableName, MISSING_TABLE_NAME) }),
  async handle({ TableName }, call) {
    return { Table: await describeLive(findForControl(call, TableName), call) }
  },
})
