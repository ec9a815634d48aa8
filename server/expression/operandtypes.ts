/** What operators and functions demand of constants. */
import { type AttributeType, type AttributeValue, typeOf } from '../model/item.ts'

export const ORDERED: AttributeType[] = ['S', 'N', 'B']
export const SIZED: AttributeType[] = ['S', 'B', 'SS', 'NS', 'BS', 'L', 'M']
export const SEARCHABLE: AttributeType[] = ['S', 'B', 'SS', 'NS', 'BS', 'L']
export const SETS: AttributeType[] = ['SS', 'NS', 'BS']
export const ADDABLE: AttributeType[] = ['N', ...SETS]

/** The complaint about a wrong operand type. */
export function wrongType(operator: string, type: string): string {
  return `Incorrect operand type for operator or function; operator or function: ${operator}, operand type: ${type}`
}

const LONG_NAMES: Partial<Record<AttributeType, string>> = {
  S: 'STRING',
  N: 'NUMBER',
  B: 'BINARY',
  BOOL: 'BOOLEAN',
  L: 'LIST',
  M: 'MAP',
}

/** As `wrongType`, in the words of ADD and DELETE. */
export function wrongActionType(action: 'ADD' | 'DELETE', value: AttributeValue): string {
  const type = typeOf(value)
  return `Incorrect operand type for operator or function; operator: ${action}, operand type: ${LONG_NAMES[type] ?? type}`
}

/** As messages show a constant: `AttributeValue: {N:1}`. */
export function printValue(value: AttributeValue): string {
  const type = typeOf(value)
  return `AttributeValue: {${type}:${value[type]}}`
}
