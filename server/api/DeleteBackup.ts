import { dynamo, validation } from '../model/errors.ts'
import { backupArn, describeBackup, findBackup } from './backup/backup.ts'
import { operation } from './operation.ts'
import { required, structure } from './shape/shape.ts'

export const deleteBackup = operation({
  name: 'DeleteBackup',
  input: structure({ BackupArn: required(backupArn) }),
  async handle({ BackupArn }, call) {
    const { backups } = call.backup
    const record = await findBackup(call, BackupArn)
    if (record.type === 'SYSTEM') throw validation('System backups cannot be deleted')
    const isUsed = record.status === 'CREATING' || backups.users(record).length > 0
    if (isUsed || !(await backups.delete(record))) {
      throw dynamo('BackupInUseException', `Backup is in use: ${BackupArn}`)
    }
    return { BackupDescription: describeBackup(record, call, 'DELETED') }
  },
})
