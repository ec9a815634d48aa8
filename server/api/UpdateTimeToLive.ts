import { validation } from '../model/errors.ts'
import type { TableRecord } from '../model/table.ts'
import { type Call, operation } from './operation.ts'
import { MISSING_TABLE_NAME, tableName } from './shape/common.ts'
import { boolean, required, string, structure } from './shape/shape.ts'
import { findForControl } from './table/find.ts'
import { inUse } from './table/inuse.ts'

type TimeToLive = { Enabled: boolean; AttributeName: string }

const input = structure({
  TableName: required(tableName, MISSING_TABLE_NAME),
  TimeToLiveSpecification: required(
    structure(
      { Enabled: required(boolean()), AttributeName: required(string({ min: 1, max: 255 })) },
      { name: 'TimeToLiveSpecification' },
    ),
  ),
})

export const updateTimeToLive = operation({
  name: 'UpdateTimeToLive',
  input,
  async handle({ TableName, TimeToLiveSpecification }, call: Call) {
    const { name } = findForControl(call, TableName)
    await call.cluster.tables.change(name, (current, now) => {
      checkTimeToLive(current, TimeToLiveSpecification)
      const { Enabled: enabled, AttributeName: attribute } = TimeToLiveSpecification
      return { ...current, timeToLive: { attribute, enabled, changedAt: now } }
    })
    return { TimeToLiveSpecification }
  },
})

/** Errors: ResourceInUseException; ValidationException if there is nothing to change. */
function checkTimeToLive({ name, status, timeToLive }: TableRecord, { Enabled, AttributeName }: TimeToLive): void {
  if (status === 'CREATING') throw inUse(`Table ${name} is being created`)
  if (status === 'DELETING') throw inUse(`Table ${name} is being deleted`)
  if (!timeToLive?.enabled) {
    if (!Enabled) throw validation('TimeToLive is already disabled')
  } else if (timeToLive.attribute !== AttributeName) {
    throw validation(
      `TimeToLive is active on a different AttributeName: current AttributeName is ${timeToLive.attribute}`,
    )
  } else if (Enabled) throw validation('TimeToLive is already enabled')
}
