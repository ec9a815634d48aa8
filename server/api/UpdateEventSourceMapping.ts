import type { TriggerRecord, TriggerState } from '../triggers/records.ts'
import { required, structure } from './shape/shape.ts'
import { mappingExists, mappingInUse, mappingNotFound } from './trigger/errors.ts'
import { triggerOperation } from './trigger/operation.ts'
import { changedSettings, checkTarget } from './trigger/settings.ts'
import { functionName, settings, uuid } from './trigger/shape.ts'
import { showTrigger } from './trigger/show.ts'

export const updateEventSourceMapping = triggerOperation({
  name: 'UpdateEventSourceMapping',
  status: 202,
  input: structure({ ...settings, UUID: required(uuid), FunctionName: functionName }),
  async handle(input, call) {
    const { UUID, FunctionName } = input
    if (FunctionName !== undefined) checkTarget(FunctionName, call)
    const changed = await call.triggers.change(UUID, current => {
      if (current.state !== 'Enabled' && current.state !== 'Disabled') throw mappingInUse()
      const enabled = input.Enabled ?? current.enabled
      return {
        ...current,
        functionName: FunctionName ?? current.functionName,
        enabled,
        state: nextState(current, enabled),
        changedAt: call.now(),
        settings: changedSettings(current.settings, input, call),
      }
    })
    if (!changed) throw mappingNotFound()
    if ('existing' in changed) throw mappingExists('', FunctionName ?? '', changed.existing)
    return showTrigger(changed, call)
  },
})

function nextState(current: TriggerRecord, enabled: boolean): TriggerState {
  if (enabled === current.enabled) return 'Updating'
  return enabled ? 'Enabling' : 'Disabling'
}
