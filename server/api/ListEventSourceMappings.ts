import { functionArnOf, streamArnOf } from '../triggers/names.ts'
import { integer, string, structure } from './shape/shape.ts'
import { triggerOperation } from './trigger/operation.ts'
import { functionName } from './trigger/shape.ts'
import { showTrigger } from './trigger/show.ts'

const PAGE = 100

/** The marker is the last id of the page before. */
export const listEventSourceMappings = triggerOperation({
  name: 'ListEventSourceMappings',
  status: 200,
  input: structure({
    EventSourceArn: string({ max: 1024 }),
    FunctionName: functionName,
    Marker: string({ max: 1024 }),
    MaxItems: integer({ min: 1, max: 10_000 }),
  }),
  async handle({ EventSourceArn, FunctionName, Marker = '', MaxItems = PAGE }, call) {
    const functionArn = FunctionName && functionArnOf(call, FunctionName)
    const found = call.triggers
      .list()
      .filter(trigger => !EventSourceArn || streamArnOf(call, trigger) === EventSourceArn)
      .filter(trigger => !functionArn || functionArnOf(call, trigger.functionName) === functionArn)
      .filter(({ id }) => id > Marker)
    const page = found.slice(0, Math.min(MaxItems, PAGE))
    return {
      EventSourceMappings: await Promise.all(page.map(trigger => showTrigger(trigger, call))),
      NextMarker: found.length > page.length ? page.at(-1)!.id : undefined,
    }
  },
})
