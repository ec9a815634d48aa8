import { required, structure } from './shape/shape.ts'
import { mappingNotFound } from './trigger/errors.ts'
import { triggerOperation } from './trigger/operation.ts'
import { uuid } from './trigger/shape.ts'
import { showTrigger } from './trigger/show.ts'

export const getEventSourceMapping = triggerOperation({
  name: 'GetEventSourceMapping',
  status: 200,
  input: structure({ UUID: required(uuid) }),
  async handle({ UUID }, call) {
    const trigger = call.triggers.find(UUID)
    if (!trigger) throw mappingNotFound()
    return showTrigger(trigger, call)
  },
})
