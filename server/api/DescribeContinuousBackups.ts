import { operation } from './operation.ts'
import { MISSING_TABLE_NAME, tableName } from './shape/common.ts'
import { required, structure } from './shape/shape.ts'
import { findForBackup } from './table/find.ts'

export const describeContinuousBackups = operation({
  name: 'DescribeContinuousBackups',
  input: structure({ TableName: required(tableName, MISSING_TABLE_NAME) }),
  handle({ TableName }, call) {
    const { status } = findForBackup(call, TableName)
    return {
      ContinuousBackupsDescription: {
        ContinuousBackupsStatus: status === 'CREATING' ? 'DISABLED' : 'ENABLED',
        PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: 'DISABLED' },
      },
    }
  },
})
