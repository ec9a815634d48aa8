/** The functions of expressions, and where each may stand. */
import { type Draft, noteFault } from './draft.ts'

type Signature = {
  operands: number
  /** In a condition: as a condition itself, or as something to compare. In an update: as part of a SET. */
  use: 'condition' | 'operand' | 'update'
}

const FUNCTIONS = new Map<string, Signature>([
  ['attribute_exists', { operands: 1, use: 'condition' }],
  ['attribute_not_exists', { operands: 1, use: 'condition' }],
  ['attribute_type', { operands: 2, use: 'condition' }],
  ['begins_with', { operands: 2, use: 'condition' }],
  ['contains', { operands: 2, use: 'condition' }],
  ['size', { operands: 1, use: 'operand' }],
  ['if_not_exists', { operands: 2, use: 'update' }],
  ['list_append', { operands: 2, use: 'update' }],
])

/** Notes a function that does not exist or belongs to the other kind of expression. */
export function checkFunctionName(draft: Draft, name: string, kind: 'condition' | 'update'): void {
  const signature = FUNCTIONS.get(name)
  if (signature === undefined) noteFault(draft, 'function', `Invalid function name; function: ${name}`)
  else if ((signature.use === 'update') !== (kind === 'update')) {
    const article = kind === 'update' ? 'an' : 'a'
    noteFault(draft, 'function', `The function is not allowed in ${article} ${kind} expression; function: ${name}`)
  }
}

/** Notes a condition function that is compared, or `size` that stands as a condition. */
export function checkFunctionUse(draft: Draft, name: string, use: 'condition' | 'operand'): void {
  if (FUNCTIONS.get(name)?.use === use) return
  noteFault(draft, 'misuse', `The function is not allowed to be used this way in an expression; function: ${name}`)
}

export function checkOperandCount(draft: Draft, name: string, count: number): void {
  if (count !== FUNCTIONS.get(name)?.operands) noteOperandCount(draft, name, count)
}

export function noteOperandCount(draft: Draft, name: string, count: number): void {
  noteFault(
    draft,
    'count',
    `Incorrect number of operands for operator or function; operator or function: ${name}, number of operands: ${count}`,
  )
}
