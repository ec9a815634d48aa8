/** Whether an object already is what a manifest asks for. Pure. */
import { isSameAmount } from './quantity.ts'

/**
 * Is everything that `wanted` says found in `actual`? What the API server adds (defaults, its own fields) does not count,
 * nor how it writes what it was told: empty lists and objects are left out, and quantities are written in their own way.
 */
export function covers(actual: unknown, wanted: unknown): boolean {
  if (wanted === undefined || wanted === null) return actual === undefined || actual === null
  if (Array.isArray(wanted)) {
    if (!Array.isArray(actual)) return wanted.length === 0 && actual === undefined
    return actual.length === wanted.length && wanted.every((element, i) => covers(actual[i], element))
  }
  if (typeof wanted === 'object') {
    const members = Object.entries(wanted)
    if (typeof actual !== 'object' || actual === null) return members.every(([, value]) => covers(undefined, value))
    return members.every(([name, value]) => covers((actual as { [name: string]: unknown })[name], value))
  }
  if (actual === wanted) return true
  if (actual === undefined || actual === null || typeof actual === 'object') return false
  return String(actual) === String(wanted) || isSameAmount(String(actual), String(wanted))
}
