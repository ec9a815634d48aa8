import { backupArn, describeBackup as describe, findBackup } from './backup/backup.ts'
import { operation } from './operation.ts'
import { required, structure } from './shape/shape.ts'

export const describeBackup = operation({
  name: 'DescribeBackup',
  input: structure({ BackupArn: required(backupArn) }),
  async handle({ BackupArn }, call) {
    return { BackupDescription: describe(await findBackup(call, BackupArn), call) }
  },
})
