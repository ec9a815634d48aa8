/** The duty that moves tables on: watches records and leaders, and commits the next step of whatever is under way. */
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Metadata, MetadataChange, MetadataEntry } from '../metadata/metadata.ts'
import type { TableRecord } from '../model/table.ts'
import { advanceResharding } from './growth/resharding.ts'
import { type Placement, partitionChanges } from './placement.ts'
import { advance } from './plan.ts'
import { LEADERS, type LeaderRecord, partitionKey, remainsKey } from './records.ts'

const TABLES = 'tables/'

/** Tables are looked at again this often, whatever the watches say: a missed event costs a moment, not the table. */
const RESYNC_MS = 1000

/** A table's record, parsed, and the entry it came in. */
type Known = { entry: MetadataEntry; record: TableRecord }

export class Lifecycle {
  readonly #metadata: Metadata
  readonly #placement: Placement
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #tables = new Map<string, Known>()
  readonly #leaders = new Map<string, LeaderRecord>()
  #unwatch: (() => void)[] = []
  #cancel = () => {}
  #running = false
  #again = false

  constructor(metadata: Metadata, placement: Placement, clock: Clock, logger: Logger) {
    this.#metadata = metadata
    this.#placement = placement
    this.#clock = clock
    this.#logger = logger
  }

  async start(): Promise<void> {
    this.#unwatch = [
      await this.#metadata.watch(LEADERS, changes => this.#leadersChanged(changes)),
      await this.#metadata.watch(TABLES, changes => this.#tablesChanged(changes)),
    ]
    this.#resync()
  }

  /** May be started again. */
  stop(): void {
    this.#cancel()
    for (const unwatch of this.#unwatch) unwatch()
    this.#tables.clear()
    this.#leaders.clear()
  }

  #resync(): void {
    this.#cancel = this.#clock.after(RESYNC_MS, () => {
      void this.#run()
      this.#resync()
    })
  }

  #tablesChanged(changes: MetadataChange[]): void {
    for (const { key, entry } of changes) {
      if (entry) this.#tables.set(key, { entry, record: JSON.parse(entry.value) as TableRecord })
      else this.#tables.delete(key)
    }
    void this.#run()
  }

  #leadersChanged(changes: MetadataChange[]): void {
    for (const { key, entry } of changes) {
      const id = key.slice(LEADERS.length)
      const record = entry && (JSON.parse(entry.value) as LeaderRecord)
      if (record && record.epoch > 0) this.#leaders.set(id, record)
      else this.#leaders.delete(id)
    }
    void this.#run()
  }

  async #run(): Promise<void> {
    this.#again = true
    if (this.#running) return
    this.#running = true
    while (this.#again) {
      this.#again = false
      for (const known of [...this.#tables.values()]) {
        await this.#advance(known).catch(error =>
          this.#logger.error({ err: error, table: known.entry.key }, 'a table could not be moved on'),
        )
      }
    }
    this.#running = false
  }

  /** A commit that fails met a newer record, whose watch event brings us back here. */
  async #advance({ entry, record }: Known): Promise<void> {
    const leaders = (id: string) => this.#leaders.get(id)
    const step = advance(record, leaders) ?? advanceResharding(record, leaders, this.#clock.now())
    if (!step) return
    const gone = step.record === 'gone'
    const puts = gone ? [] : [{ key: entry.key, value: JSON.stringify(step.record) }]
    const guards = [{ key: entry.key, version: entry.version }]
    if (step.record !== 'gone' && step.record.schemaVersion !== record.schemaVersion) {
      const partitions = await partitionChanges(this.#metadata, this.#placement, step.record, record)
      guards.push(...partitions.guards)
      puts.push(...partitions.puts)
    }
    if (step.remains) puts.push({ key: remainsKey(entry.key, record.id), value: JSON.stringify(step.remains) })
    await this.#metadata.commit({
      guards,
      puts,
      deletes: [...(gone ? [entry.key] : []), ...step.drop.map(partitionKey)],
    })
  }
}
