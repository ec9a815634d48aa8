/** A transaction cut by the partitions it touches, and the answers put together again. */
import { type CancellationReason, canceledFor } from '../model/cancellation.ts'
import type { TableRecord } from '../model/table.ts'
import type { Verdict } from '../partition/transaction.ts'
import { sliceOf } from './routes.ts'

/** What of a request is one partition's; `places` are those of its elements in the request. */
export type Part<T> = { partition: string; table: TableRecord; elements: T[]; places: number[] }

/** In the order in which the request first touches the partitions. */
export function partsOf<T extends { table: TableRecord }>(elements: T[], keyOf: (element: T) => Buffer): Part<T>[] {
  const parts = new Map<string, Part<T>>()
  for (const [place, element] of elements.entries()) {
    const { id } = sliceOf(element.table.partitions, keyOf(element))
    let part = parts.get(id)
    if (!part) parts.set(id, (part = { partition: id, table: element.table, elements: [], places: [] }))
    part.elements.push(element)
    part.places.push(place)
  }
  return [...parts.values()]
}

/** What partitions answered, `values[i]` by `parts[i]`, in the order of the request. */
export function inOrder<T>(parts: Part<unknown>[], values: T[][]): T[] {
  const all: T[] = []
  for (const [i, { places }] of parts.entries()) for (const [j, place] of places.entries()) all[place] = values[i]![j]!
  return all
}

/**
 * How the transaction is refused, if one of its actions is: with the reasons of all that are. A ValidationError stands alone,
 * the first if there are several (facts, section 4.6).
 */
export function refusalOf(verdicts: Verdict[]): Error | undefined {
  const reasons = new Map<number, CancellationReason>()
  for (const [place, verdict] of verdicts.entries()) {
    if (!('refusal' in verdict)) continue
    const { code, message, item } = verdict.refusal
    const reason = { Code: code, Message: message, ...(item && { Item: item }) }
    if (code === 'ValidationError') return canceledFor(verdicts.length, new Map([[place, reason]]))
    reasons.set(place, reason)
  }
  return reasons.size === 0 ? undefined : canceledFor(verdicts.length, reasons)
}
