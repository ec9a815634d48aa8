/** The streams of all tables, as the metadata tells: for a process that has no catalog. */
import type { Clock } from '../../base/clock.ts'
import { type Realm, remainsPrefix, tablesPrefix } from '../../cluster/records.ts'
import { type StreamRecord, streamsOf } from '../../cluster/streamrecords.ts'
import type { Metadata, MetadataChange } from '../../metadata/metadata.ts'
import type { TableRecord } from '../../model/table.ts'

export class KnownStreams {
  readonly #metadata: Metadata
  readonly #realm: Realm
  readonly #clock: Clock
  /** Of tables that have, or had, a stream. */
  readonly #records = new Map<string, TableRecord>()
  #unwatch: (() => void)[] = []

  constructor(metadata: Metadata, realm: Realm, clock: Clock) {
    this.#metadata = metadata
    this.#realm = realm
    this.#clock = clock
  }

  async start(): Promise<void> {
    for (const prefix of [tablesPrefix(this.#realm), remainsPrefix(this.#realm)])
      this.#unwatch.push(await this.#metadata.watch(prefix, changes => this.#changed(changes)))
  }

  stop(): void {
    for (const unwatch of this.#unwatch) unwatch()
  }

  /** In no order. */
  list(): StreamRecord[] {
    const now = this.#clock.now()
    return [...this.#records.values()].flatMap(record => streamsOf(record, now))
  }

  #changed(changes: MetadataChange[]): void {
    for (const { key, entry } of changes) {
      const record = entry && (JSON.parse(entry.value) as TableRecord)
      if (record && (record.stream || record.pastStreams)) this.#records.set(key, record)
      else this.#records.delete(key)
    }
  }
}
