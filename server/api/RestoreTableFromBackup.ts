import { Damaged } from '../backup/sealed.ts'
import { dynamo, validation } from '../model/errors.ts'
import { backupArn, findBackup } from './backup/backup.ts'
import { defineRestored, overrides } from './backup/restored.ts'
import { checkTarget, restoreInto } from './backup/target.ts'
import { operation } from './operation.ts'
import { newTableName } from './shape/common.ts'
import { required, structure } from './shape/shape.ts'
import { tableArn } from './table/arn.ts'
import { refuse } from './table/unsupported.ts'

/** Answers while the table is CREATING. */
export const restoreTableFromBackup = operation({
  name: 'RestoreTableFromBackup',
  input: structure({ TargetTableName: required(newTableName), BackupArn: required(backupArn), ...overrides }),
  async handle({ TargetTableName, BackupArn, VectorIndexOverride, ...request }, call) {
    refuse({ VectorIndexOverride })
    const { backups } = call.backup
    const record = await findBackup(call, BackupArn)
    checkTarget(call, TargetTableName)
    if (record.status === 'CREATING' || backups.users(record).length > 0) {
      throw dynamo('BackupInUseException', `Backup is in use: ${BackupArn}`)
    }
    const target = defineRestored(
      TargetTableName,
      record.table,
      request,
      {
        kind: 'backup',
        key: backups.key(record),
        backupArn: BackupArn,
        tableArn: tableArn(call, record.table.name),
        time: record.createdAt,
      },
      call,
    )
    await backups.check(record).catch(error => {
      throw error instanceof Damaged ? validation(`Backup ${BackupArn} is damaged: ${error.message}`) : error
    })
    return restoreInto(call, target)
  },
})
