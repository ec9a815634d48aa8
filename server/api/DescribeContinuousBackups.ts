import { describeContinuous } from './backup/continuous.ts'
import { operation } from './operation.ts'
import { MISSING_TABLE_NAME, tableName } from './shape/common.ts'
import { required, structure } from './shape/shape.ts'
import { findForBackup } from './table/find.ts'

export const describeContinuousBackups = operation({
  name: 'DescribeContinuousBackups',
  input: structure({ TableName: required(tableName, MISSING_TABLE_NAME) }),
  async handle({ TableName }, call) {
    return { ContinuousBackupsDescription: await describeContinuous(findForBackup(call, TableName), call) }
  },
})
