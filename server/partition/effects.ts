/**
 * What entries do to the table's own items: the one place that copies of a table learn it from. Pure.
 *
 * A transaction happens when its home commits it, though the other partitions hear of it later: their effects have the time
 * of that commit. A copy that ends at some time therefore reads on until all that was prepared by then is resolved, and
 * has a transaction on all sides or on none.
 */
import type { Effect, EntryBody } from './entry.ts'

/** `time`: epoch milliseconds, by the clock of the leader, or of the transaction's home. */
export type TimedEffect = Pick<Effect, 'key' | 'image'> & { time: number }

/** What a prepared transaction would change, and the time of the entry that says so. */
type Open = { time: number; keys: Set<string> }

/** Reads the entries of one partition in their order. */
export class EffectReader {
  readonly #open = new Map<string, Open>()

  /** Of the next entry, in the order of their application. */
  read(entry: EntryBody): TimedEffect[] {
    if (entry.kind !== 'write') return []
    const { time, effects, steps = [] } = entry
    const committed = new Map<string, number>()
    for (const step of steps) {
      if (step.kind === 'prepare')
        this.#open.set(step.transaction, { time, keys: new Set(step.locks.map(({ key }) => nameOf(key))) })
      if (step.kind !== 'resolve') continue
      // Nothing else in this entry changes what was held: its release is applied with it.
      const keys = step.committed === undefined ? [] : (this.#open.get(step.transaction)?.keys ?? [])
      for (const key of keys) committed.set(key, step.committed!)
      this.#open.delete(step.transaction)
    }
    if (committed.size === 0) return effects.map(({ key, image }) => ({ key, image, time }))
    return effects.map(({ key, image }) => ({ key, image, time: committed.get(nameOf(key)) ?? time }))
  }

  /** Whether effects of `time` or before may still come in entries that are later. */
  awaits(time: number): boolean {
    return this.#open.size > 0 && [...this.#open.values()].some(open => open.time <= time)
  }
}

function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')
}
