import { parseJobArn } from './backup/arn.ts'
import { arnOf, backupArn, backupSummary } from './backup/backup.ts'
import { operation } from './operation.ts'
import { tableName } from './shape/common.ts'
import { enumeration, integer, structure, timestamp } from './shape/shape.ts'
import { tableName as bareName } from './table/arn.ts'
import { SECOND } from './table/limits.ts'

const MAX_PAGE = 100

export const listBackups = operation({
  name: 'ListBackups',
  input: structure({
    TableName: tableName,
    Limit: integer({ min: 1, max: MAX_PAGE }),
    TimeRangeLowerBound: timestamp(),
    TimeRangeUpperBound: timestamp(),
    ExclusiveStartBackupArn: backupArn,
    BackupType: enumeration(['USER', 'SYSTEM', 'AWS_BACKUP', 'ALL']),
  }),
  async handle({ TableName, Limit = MAX_PAGE, BackupType = 'USER', ...range }, call) {
    const from = (range.TimeRangeLowerBound ?? 0) * SECOND
    const to = (range.TimeRangeUpperBound ?? Number.POSITIVE_INFINITY) * SECOND
    const start = range.ExclusiveStartBackupArn && parseJobArn(call, 'backup', range.ExclusiveStartBackupArn).id
    const name = TableName === undefined ? undefined : bareName(call, TableName)
    const found = (await call.backup.backups.list(name)).filter(
      ({ id, type, createdAt }) =>
        (BackupType === 'ALL' || type === BackupType) &&
        createdAt >= from &&
        createdAt < to &&
        (start === undefined || id > start),
    )
    const page = found.slice(0, Limit)
    return {
      BackupSummaries: page.map(record => backupSummary(record, call)),
      LastEvaluatedBackupArn: found.length > Limit ? arnOf(call, page.at(-1)!) : undefined,
    }
  },
})
