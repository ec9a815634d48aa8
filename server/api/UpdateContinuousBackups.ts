import { validation } from '../model/errors.ts'
import { checkBackable, describeContinuous } from './backup/continuous.ts'
import { operation } from './operation.ts'
import { MISSING_TABLE_NAME, tableName } from './shape/common.ts'
import { boolean, integer, required, structure } from './shape/shape.ts'
import { findForBackup } from './table/find.ts'

const MAX_DAYS = 35

export const updateContinuousBackups = operation({
  name: 'UpdateContinuousBackups',
  input: structure({
    TableName: required(tableName, MISSING_TABLE_NAME),
    PointInTimeRecoverySpecification: required(
      structure(
        {
          PointInTimeRecoveryEnabled: required(boolean()),
          RecoveryPeriodInDays: integer({ min: 1, max: MAX_DAYS }),
        },
        { name: 'PointInTimeRecoverySpecification' },
      ),
    ),
  }),
  async handle({ TableName, PointInTimeRecoverySpecification }, call) {
    const { PointInTimeRecoveryEnabled: enabled, RecoveryPeriodInDays: days } = PointInTimeRecoverySpecification
    if (!enabled && days !== undefined) {
      throw validation('Invalid Request: Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery.')
    }
    const { name } = findForBackup(call, TableName)
    const changed = await call.cluster.tables.change(name, ({ pointInTimeRecovery: before, ...current }, now) => {
      checkBackable(current)
      if (!enabled) return current
      // Disabling loses the history: who enables again begins a new archive.
      const { id, since } = before ?? { id: call.cluster.uuid(), since: now }
      return { ...current, pointInTimeRecovery: { id, since, days: days ?? MAX_DAYS } }
    })
    return { ContinuousBackupsDescription: await describeContinuous(changed, call) }
  },
})
