/** What an entry does to the table's own items: the one place that copies of a table learn it from. Pure. */
import type { Effect, EntryBody } from './entry.ts'

/** `time`: the leader's wall clock, epoch milliseconds. Undefined for an entry that changes no item. */
export function effectsOf(entry: EntryBody): { time: number; effects: Effect[] } | undefined {
  return entry.kind === 'write' ? { time: entry.time, effects: entry.effects } : undefined
}
