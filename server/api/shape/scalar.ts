/** JSON scalars and the texts of SerializationException (facts, section 1.5). */
import { type DynamoError, service } from '../../model/errors.ts'

export type JsonObject = { [name: string]: unknown }
export type JavaType = 'String' | 'Boolean' | 'Integer' | 'Long' | 'Double' | 'Date'

export function serialization(message: string): DynamoError {
  return service('SerializationException', message)
}

/** An array where something else belongs; `type` as Java prints it. */
export function unrecognized(type: string): DynamoError {
  return serialization(`Unrecognized collection type ${type}`)
}

/** The error for anything that is no scalar, or the wrong one, where a `java` belongs. */
export function refusedScalar(value: unknown, java: JavaType): DynamoError {
  if (Array.isArray(value)) return unrecognized(`class java.${java === 'Date' ? 'util' : 'lang'}.${java}`)
  if (typeof value === 'object') return serialization('Start of structure or map found where not expected')
  return serialization(`${token(value)} cannot be converted to ${java}`)
}

function token(value: unknown): string {
  if (typeof value === 'string') return 'STRING_VALUE'
  if (typeof value === 'boolean') return value ? 'TRUE_VALUE' : 'FALSE_VALUE'
  return Number.isInteger(value) ? 'NUMBER_VALUE' : 'DECIMAL_VALUE'
}

/** Booleans may come as words. */
export function booleanOf(value: unknown): boolean {
  if (typeof value === 'boolean') return value
  if (typeof value !== 'string') throw refusedScalar(value, 'Boolean')
  if (/^(?:true|1|yes)$/i.test(value)) return true
  if (/^(?:false|0|no)$/i.test(value)) return false
  throw serialization('Unexpected token received from parser')
}

/** Numbers lose what the type cannot hold: fractions are cut off, and what is too large becomes the largest, as in Java. */
export function numberOf(value: unknown, java: 'Integer' | 'Long' | 'Double' | 'Date'): number {
  if (typeof value !== 'number') throw refusedScalar(value, java)
  if (java === 'Integer') return saturated(Math.trunc(value), -(2 ** 31), 2 ** 31 - 1)
  if (java === 'Long') return saturated(Math.trunc(value), -(2 ** 63), 2 ** 63)
  return saturated(value, -Number.MAX_VALUE, Number.MAX_VALUE)
}

/** Adding 0 turns -0 into 0. */
function saturated(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max) + 0
}
