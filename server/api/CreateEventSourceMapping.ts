import { enumeration, required, string, structure } from './shape/shape.ts'
import { parseArn } from './table/arn.ts'
import { invalidValue, mappingExists } from './trigger/errors.ts'
import { type TriggerCall, triggerOperation } from './trigger/operation.ts'
import { changedSettings, checkTarget, DEFAULTS } from './trigger/settings.ts'
import { functionName, settings } from './trigger/shape.ts'
import { showTrigger } from './trigger/show.ts'

const STREAM = /^table\/([a-zA-Z0-9_.-]{3,255})\/stream\/([^/]+)$/

export const createEventSourceMapping = triggerOperation({
  name: 'CreateEventSourceMapping',
  status: 202,
  input: structure({
    ...settings,
    EventSourceArn: string({ max: 1024 }),
    FunctionName: required(functionName),
    StartingPosition: enumeration(['TRIM_HORIZON', 'LATEST', 'AT_TIMESTAMP']),
  }),
  async handle(input, call) {
    const { EventSourceArn = '', FunctionName, StartingPosition, Enabled = true } = input
    if (StartingPosition === undefined)
      throw invalidValue(
        "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.",
      )
    if (StartingPosition === 'AT_TIMESTAMP')
      throw invalidValue('Unsupported starting position for event source: AT_TIMESTAMP.')
    const stream = streamOf(EventSourceArn, call)
    checkTarget(FunctionName, call)
    const chosen = changedSettings({ ...DEFAULTS, startingPosition: StartingPosition }, input, call)
    call.meter.touched(stream.table)
    const { label, table } = stream
    const created = await call.triggers.create({
      table: table.name,
      label,
      functionName: FunctionName,
      enabled: Enabled,
      settings: chosen,
    })
    if ('existing' in created) throw mappingExists(EventSourceArn, FunctionName, created.existing)
    return showTrigger(created, call)
  },
})

function streamOf(arn: string, call: TriggerCall) {
  const { region, account, resource } = parseArn(arn) ?? { region: '', account: '', resource: '' }
  const [, table, label] = STREAM.exec(resource) ?? []
  if (table === undefined || region !== call.region || account !== call.account)
    throw invalidValue('Unrecognized event source.')
  const stream = call.streams.find(table, label!)
  if (!stream) throw invalidValue(`Stream not found: ${arn}`)
  return stream
}
