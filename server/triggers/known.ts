/** The triggers there are, from a cache that the metadata keeps fresh. */
import type { Realm } from '../cluster/records.ts'
import type { Metadata, MetadataChange } from '../metadata/metadata.ts'
import { type TriggerRecord, triggersPrefix } from './records.ts'

export type KnownTrigger = { record: TriggerRecord; key: string; version: number }

export class KnownTriggers {
  readonly #metadata: Metadata
  readonly #prefix: string
  readonly #known = new Map<string, KnownTrigger>()
  readonly #listeners = new Set<(ids: string[]) => void>()
  #unwatch = () => {}

  constructor(metadata: Metadata, realm: Realm) {
    this.#metadata = metadata
    this.#prefix = triggersPrefix(realm)
  }

  async start(): Promise<void> {
    this.#unwatch = await this.#metadata.watch(this.#prefix, changes => this.#changed(changes))
  }

  stop(): void {
    this.#unwatch()
  }

  /** In the order of their ids. */
  list(): KnownTrigger[] {
    return [...this.#known.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  find(id: string): KnownTrigger | undefined {
    return this.#known.get(this.#prefix + id)
  }

  /** Calls `listener` after every change, with the ids of those that came, have changed, or are gone. */
  listen(listener: (ids: string[]) => void): void {
    this.#listeners.add(listener)
  }

  #changed(changes: MetadataChange[]): void {
    for (const { key, entry } of changes) {
      if (entry) this.#known.set(key, { record: JSON.parse(entry.value) as TriggerRecord, key, version: entry.version })
      else this.#known.delete(key)
    }
    const ids = changes.map(({ key }) => key.slice(this.#prefix.length))
    for (const listener of this.#listeners) listener(ids)
  }
}
