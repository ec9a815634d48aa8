/**
 * Reads at one point in time. Within a partition that is one look. Over several, each partition is read and its keys are
 * watched; if afterwards nothing watched has changed anywhere, there was an instant, after the last read and before the first
 * question, at which all was as it was read.
 */
import type { Clock } from '../base/clock.ts'
import type { Effect } from '../partition/entry.ts'
import type { ReadAnswer } from '../partition/transaction.ts'
import type { StoreReader } from '../store/reader.ts'
import type { Locks } from './locks.ts'

const LIFE_MS = 10_000

type Watch = { keys: Buffer[]; until: number; changed: Set<string> }

export class Watches {
  readonly #reader: StoreReader
  readonly #locks: Locks
  readonly #clock: Clock
  readonly #epoch: number
  /** Oldest first. */
  readonly #watches = new Map<string, Watch>()
  readonly #byKey = new Map<string, Set<Watch>>()
  #next = 1

  /** Another leader knows nothing of the watches of this one: `epoch` keeps their names apart. */
  constructor(reader: StoreReader, locks: Locks, clock: Clock, epoch: number) {
    this.#reader = reader
    this.#locks = locks
    this.#clock = clock
    this.#epoch = epoch
  }

  /** All keys at once. `watch`: goes on watching them until `changed`, for a while at most. */
  read(keys: Buffer[], watch: boolean): ReadAnswer {
    const held = this.#held(keys)
    if (held.length > 0) return { held }
    const images = keys.map(key => this.#reader.get(key))
    return { images, watch: watch ? this.#begin(keys) : undefined }
  }

  /** Ends a watch. @returns the places of the keys that have changed since, or are held: of all keys if it is not known */
  changed(name: string, keys: Buffer[]): number[] {
    const watch = this.#watches.get(name)
    if (!watch) return keys.map((_, i) => i)
    this.#end(name, watch)
    const held = new Set(this.#held(keys))
    return places(keys, (key, i) => held.has(i) || watch.changed.has(nameOf(key)))
  }

  /** These are applied. */
  applied(effects: Effect[]): void {
    if (this.#watches.size === 0) return
    for (const { key } of effects) {
      const name = nameOf(key as Buffer)
      for (const watch of this.#byKey.get(name) ?? []) watch.changed.add(name)
    }
  }

  #held(keys: Buffer[]): number[] {
    return this.#locks.size === 0 ? [] : places(keys, key => this.#locks.holder(key) !== undefined)
  }

  #begin(keys: Buffer[]): string {
    const now = this.#clock.monotonic()
    for (const [name, watch] of this.#watches) {
      if (watch.until > now) break
      this.#end(name, watch)
    }
    const name = `${this.#epoch}.${this.#next++}`
    const watch: Watch = { keys, until: now + LIFE_MS, changed: new Set() }
    this.#watches.set(name, watch)
    for (const key of keys) {
      const watchers = this.#byKey.get(nameOf(key))
      if (watchers) watchers.add(watch)
      else this.#byKey.set(nameOf(key), new Set([watch]))
    }
    return name
  }

  #end(name: string, watch: Watch): void {
    this.#watches.delete(name)
    for (const key of watch.keys) {
      const watchers = this.#byKey.get(nameOf(key))
      watchers?.delete(watch)
      if (watchers?.size === 0) this.#byKey.delete(nameOf(key))
    }
  }
}

function nameOf(key: Buffer): string {
  return key.toString('latin1')
}

function places(keys: Buffer[], matches: (key: Buffer, i: number) => boolean): number[] {
  return keys.flatMap((key, i) => (matches(key, i) ? i : []))
}
