import { backupDetails } from './backup/backup.ts'
import { checkBackable } from './backup/continuous.ts'
import { operation } from './operation.ts'
import { MISSING_TABLE_NAME, tableName } from './shape/common.ts'
import { required, string, structure } from './shape/shape.ts'
import { findForBackup } from './table/find.ts'

export const createBackup = operation({
  name: 'CreateBackup',
  input: structure({
    TableName: required(tableName, MISSING_TABLE_NAME),
    BackupName: required(string({ min: 3, max: 255, pattern: '[a-zA-Z0-9_.-]+' })),
  }),
  async handle({ TableName, BackupName }, call) {
    const table = findForBackup(call, TableName)
    checkBackable(table)
    return { BackupDetails: backupDetails(await call.backup.backups.create(table, BackupName), call) }
  },
})
