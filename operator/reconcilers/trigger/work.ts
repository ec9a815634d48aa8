/** A StreamTrigger that is being seen to. */
import type { TriggerRecord } from '../../../server/triggers/records.ts'
import { isBusy, isMissing } from '../../dataplane/api.ts'
import type { StreamTrigger } from '../../resources/streamtrigger.ts'
import { rivalOf } from '../../specs/triggers.ts'
import type { Context } from '../context.ts'

export type TriggerWork = {
  trigger: StreamTrigger
  /** Its mapping, if there is one. */
  mapping: TriggerRecord | undefined
}

/** A table is whose namespace its Table is in: nobody else is shown its items. */
export function hasTable({ metadata, spec }: StreamTrigger, { records }: Context): boolean {
  const claim = records.claim(spec.tableName)
  return claim !== undefined && !('retained' in claim) && claim.namespace === metadata.namespace
}

/** The mapping that the trigger has; or one that nobody else has, such as its own if it was made just before a crash. */
export function mappingOf(trigger: StreamTrigger, context: Context): TriggerRecord | undefined {
  const { records, mappings, caches } = context
  const { tableName: table, target: functionName } = trigger.spec
  const own = trigger.status?.uuid === undefined ? undefined : mappings.find(trigger.status.uuid)
  if (own?.table === table) return own
  const label = records.table(table)?.latestStreamLabel
  if (label === undefined || !hasTable(trigger, context)) return undefined
  const found = mappings.of({ table, label, functionName })
  return found && !rivalOf(trigger, caches.triggers.list(), found.id) ? found : undefined
}

/** It is gone some time later. Errors: ApiError. */
export async function removeMapping({ id }: TriggerRecord, { api }: Context): Promise<void> {
  try {
    await api.mapping('DELETE', id)
  } catch (error) {
    if (!isBusy(error) && !isMissing(error)) throw error
  }
}
