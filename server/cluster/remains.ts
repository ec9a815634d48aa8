/**
 * What is left of deleted tables that had a stream: their records, and their partitions, which go on being led, so that the
 * changes of the last day can be read. The name is free at once.
 */
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Metadata, MetadataChange, MetadataEntry } from '../metadata/metadata.ts'
import type { TableRecord } from '../model/table.ts'
import { ownPartitionIds } from './plan.ts'
import { partitionKey, type Realm, remainsPrefix } from './records.ts'
import { lastRetention } from './streamrecords.ts'

const CHECK_MS = 60_000
/** Each has its partitions open: those of the tables deleted before the last so many go early. */
const MAX_TABLES = 250

export class Remains {
  readonly #metadata: Metadata
  readonly #realm: Realm
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #known = new Map<string, { entry: MetadataEntry; record: TableRecord }>()
  #unwatch = () => {}
  /** Clears away what is over, now and then; for one server at a time. */
  readonly clearing = { start: () => this.#schedule(), stop: () => this.#cancel() }
  #cancel = () => {}

  constructor(metadata: Metadata, realm: Realm, clock: Clock, logger: Logger) {
    this.#metadata = metadata
    this.#realm = realm
    this.#clock = clock
    this.#logger = logger
  }

  async start(): Promise<void> {
    this.#unwatch = await this.#metadata.watch(remainsPrefix(this.#realm), changes => this.#changed(changes))
  }

  stop(): void {
    this.#unwatch()
  }

  /** The last records of the tables. */
  list(): TableRecord[] {
    return [...this.#known.values()].map(({ record }) => record)
  }

  /** Lets go of the tables whose changes are a day old, and of their partitions. */
  async clear(): Promise<void> {
    const latest = [...this.#known.values()].sort((a, b) => b.record.deletedAt! - a.record.deletedAt!)
    for (const [place, { entry, record }] of latest.entries()) {
      if (place < MAX_TABLES && lastRetention(record)! > this.#clock.now()) continue
      const { key, version } = entry
      const partitions = ownPartitionIds(record).map(partitionKey)
      await this.#metadata.commit({ guards: [{ key, version }], deletes: [key, ...partitions] })
    }
  }

  #schedule(): void {
    let stopped = false
    const next = () =>
      this.#clock.after(CHECK_MS, () => {
        this.clear()
          .catch(error =>
            this.#logger.warn({ err: error }, 'what is left of a deleted table could not be cleared away'),
          )
          .finally(() => {
            if (!stopped) cancel = next()
          })
      })
    let cancel = next()
    this.#cancel = () => {
      stopped = true
      cancel()
    }
  }

  #changed(changes: MetadataChange[]): void {
    for (const { key, entry } of changes) {
      if (entry) this.#known.set(key, { entry, record: JSON.parse(entry.value) as TableRecord })
      else this.#known.delete(key)
    }
  }
}
