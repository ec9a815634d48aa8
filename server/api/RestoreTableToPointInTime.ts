import { dynamo, validation } from '../model/errors.ts'
import type { TableRecord } from '../model/table.ts'
import { checkRecovery } from './backup/continuous.ts'
import { defineRestored, overrides } from './backup/restored.ts'
import { checkTarget, restoreInto } from './backup/target.ts'
import { type Call, operation } from './operation.ts'
import { newTableName } from './shape/common.ts'
import { boolean, required, string, structure, timestamp } from './shape/shape.ts'
import { tableArn } from './table/arn.ts'
import { findForBackup } from './table/find.ts'
import { SECOND } from './table/limits.ts'
import { refuse } from './table/unsupported.ts'

type Wish = { RestoreDateTime?: number; UseLatestRestorableTime?: boolean }

/** Answers while the table is CREATING. */
export const restoreTableToPointInTime = operation({
  name: 'RestoreTableToPointInTime',
  input: structure({
    SourceTableArn: string({ min: 1, max: 1024 }),
    SourceTableName: newTableName,
    TargetTableName: required(newTableName),
    UseLatestRestorableTime: boolean(),
    RestoreDateTime: timestamp(),
    ...overrides,
  }),
  async handle({ SourceTableArn, SourceTableName, TargetTableName, VectorIndexOverride, ...request }, call) {
    refuse({ VectorIndexOverride })
    if ((SourceTableArn === undefined) === (SourceTableName === undefined)) {
      throw validation('Must provide exactly one of: sourceTableArn, sourceTableName')
    }
    checkWish(request)
    const source = findForBackup(call, (SourceTableArn ?? SourceTableName)!)
    checkRecovery(source)
    const time = await momentOf(source, request, call)
    checkTarget(call, TargetTableName)
    const archive = source.pointInTimeRecovery!.id
    const filling = {
      kind: 'archive' as const,
      tableId: source.id,
      archive,
      tableArn: tableArn(call, source.name),
      time,
    }
    return restoreInto(call, defineRestored(TargetTableName, source, request, filling, call))
  },
})

function checkWish({ RestoreDateTime, UseLatestRestorableTime }: Wish): void {
  if (RestoreDateTime !== undefined && UseLatestRestorableTime) {
    throw validation(
      'Invalid Request: Both RestoreDateTime and UseLatestRestorableTime cannot be set for point-in-time restore request.',
    )
  }
  if (RestoreDateTime === undefined && !UseLatestRestorableTime) {
    throw validation(
      'Invalid Request: Either one of RestoreDateTime or UseLatestRestorableTime must be specified, but not both',
    )
  }
}

/** Epoch milliseconds. Errors: InvalidRestoreTimeException. */
async function momentOf(source: TableRecord, { RestoreDateTime }: Wish, call: Call): Promise<number> {
  const now = call.cluster.now()
  const time = RestoreDateTime === undefined ? now : Math.round(RestoreDateTime * SECOND)
  const window = await call.backup.archives.windowUpTo(source, time)
  if (!window) throw dynamo('InvalidRestoreTimeException', `Nothing of table '${source.name}' can be restored yet`)
  if (RestoreDateTime === undefined) return window.latest
  if (time >= window.earliest && time <= window.latest) return time
  const [iso, earliest, latest] = [time, window.earliest, window.latest].map(value => new Date(value).toISOString())
  throw dynamo(
    'InvalidRestoreTimeException',
    `RestoreDateTime '${iso}' must be within EarliestRestorableDateTime '${earliest}' and LatestRestorableDateTime '${latest}'`,
  )
}
