/** An item as one thread alone would see it. */
import type { Op, Result, Value } from './history.ts'

export type Step = { state: Value; result: Result }

/** Undefined if the operation makes no sense there: adding to a text. */
export function step(state: Value, op: Op): Step | undefined {
  if (op.kind === 'get') return { state, result: { kind: 'value', value: state } }
  if (op.kind === 'put') return { state: op.value, result: { kind: 'done' } }
  if (op.kind === 'delete') return { state: undefined, result: { kind: 'done' } }
  if (op.kind === 'putIf') {
    if (state !== op.expected) return { state, result: { kind: 'refused', found: { value: state } } }
    return { state: op.value, result: { kind: 'done' } }
  }
  if (typeof state === 'string') return undefined
  const value = (state ?? 0) + op.by
  return { state: value, result: { kind: 'value', value } }
}

/** Whether what was told agrees with what is so; what was not told agrees with anything. */
export function agrees(told: Result | undefined, is: Result): boolean {
  if (!told) return true
  if (told.kind === 'refused') return is.kind === 'refused' && (!told.found || told.found.value === is.found!.value)
  if (told.kind === 'done') return is.kind !== 'refused'
  return is.kind === 'value' && is.value === told.value
}
