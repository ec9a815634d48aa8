/** Operations of the Lambda API: the same as DynamoDB's, but for what they may touch. */
import type { TableRecord } from '../../model/table.ts'
import type { Streams } from '../../streams/streams.ts'
import type { Target } from '../../triggers/targets.ts'
import type { Triggers } from '../../triggers/triggers.ts'
import type { Infer, Structure } from '../shape/shape.ts'

export type TriggerCall = {
  triggers: Triggers
  streams: Pick<Streams, 'find'>
  /** Why a target can't be called; undefined if it can. */
  refusal(target: Target): string | undefined
  region: string
  account: string
  now(): number
  meter: { touched(table: TableRecord): void }
}

export type TriggerOperation<S extends Structure = Structure> = {
  name: string
  /** Of success. */
  status: number
  input: S
  handle(input: Infer<S>, call: TriggerCall): Promise<object>
}

/** Ties the handler's types to the shape. */
export function triggerOperation<S extends Structure>(definition: TriggerOperation<S>): TriggerOperation<S> {
  return definition
}
