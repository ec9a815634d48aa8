/** When items expire (facts, section 4.10). Pure. */
import { getOwn, type Item } from '../model/item.ts'

/** What expired longer ago than this, five years, is left alone: its attribute hardly means a time. */
const FORGOTTEN_SECONDS = 5 * 365 * 86_400

/** Epoch seconds, whole; undefined if the attribute is missing, no number, or none that could be a time. */
export function expiryOf(item: Item, attribute: string): number | undefined {
  const number = getOwn(item, attribute)?.N
  if (number === undefined) return undefined
  const seconds = Math.floor(Number(number))
  return Number.isSafeInteger(seconds) ? seconds : undefined
}

/** Items with times from `from` on, and before `before`, in whole seconds, have expired at `now`, in epoch milliseconds. */
export function expired(now: number): { from: number; before: number } {
  const before = Math.floor(now / 1000)
  return { from: before - FORGOTTEN_SECONDS, before }
}
