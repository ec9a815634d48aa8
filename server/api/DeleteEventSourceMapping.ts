import { required, structure } from './shape/shape.ts'
import { mappingInUse, mappingNotFound } from './trigger/errors.ts'
import { triggerOperation } from './trigger/operation.ts'
import { uuid } from './trigger/shape.ts'
import { showTrigger } from './trigger/show.ts'

export const deleteEventSourceMapping = triggerOperation({
  name: 'DeleteEventSourceMapping',
  status: 202,
  input: structure({ UUID: required(uuid) }),
  async handle({ UUID }, call) {
    const deleted = await call.triggers.change(UUID, current => {
      if (current.state === 'Deleting') throw mappingInUse()
      return { ...current, enabled: false, state: 'Deleting', changedAt: call.now() }
    })
    if (!deleted) throw mappingNotFound()
    if ('existing' in deleted) throw mappingInUse()
    return showTrigger(deleted, call)
  },
})
