/** Tables by name: the `Tables` of cluster.ts, on the metadata store. */
import type { Clock } from '../base/clock.ts'
import { Queued } from '../base/queued.ts'
import type { Random } from '../base/random.ts'
import { within } from '../base/within.ts'
import type { Commit, Metadata, MetadataChange } from '../metadata/metadata.ts'
import { dynamo, resourceNotFound } from '../model/errors.ts'
import { getOwn, setOwn } from '../model/item.ts'
import { schemaOf, type TableRecord } from '../model/table.ts'
import { NotLeading } from '../replica/pipeline.ts'
import type { PartitionStatistics } from '../replica/statistics.ts'
import type { RowStatistics } from '../store/rows.ts'
import type { TableChange, TableStatistics, Tables } from './cluster.ts'
import type { Leaders } from './leaders.ts'
import { type Placement, partitionChanges } from './placement.ts'
import { childrenOf, indexPartitionIds, slices } from './plan.ts'
import {
  type PartitionRecord,
  type PlacementRecord,
  partitionKey,
  type Realm,
  stampedId,
  tableKey,
  tablesPrefix,
} from './records.ts'
import { toldToAll } from './versions.ts'

export type CatalogPorts = { metadata: Metadata; leaders: Leaders; clock: Clock; random: Random }

/** How long an answer waits for what it announces to be done: clients then see it done when they look. */
const SETTLE_MS = 2000
/** The same, when there may be much to do. */
const BACKFILL_SETTLE_MS = 250
/** How long the metadata is waited for before a table is denied. */
const REFRESH_MS = 1000

type Cached = { record: TableRecord; version: number }

export class Catalog implements Tables {
  readonly #ports: CatalogPorts
  readonly #realm: Realm
  readonly #placement: Placement
  readonly #tables = new Map<string, Cached>()
  readonly #waiting = new Set<() => void>()
  readonly #refreshing = new Map<string, Queued<void>>()
  #unwatch = () => {}

  constructor(ports: CatalogPorts, realm: Realm, placement: Placement) {
    this.#ports = ports
    this.#realm = realm
    this.#placement = placement
  }

  async start(): Promise<void> {
    this.#unwatch = await this.#ports.metadata.watch(tablesPrefix(this.#realm), changes => this.#changed(changes))
    for (const { record } of [...this.#tables.values()])
      if (await this.#isUnheard(record)) await this.#tell(record.name)
  }

  stop(): void {
    this.#unwatch()
  }

  find(name: string): TableRecord | undefined {
    return this.#tables.get(name)?.record
  }

  async latest(name: string): Promise<TableRecord | undefined> {
    const entry = await this.#ports.metadata.get(tableKey(this.#realm, name))
    return entry && (JSON.parse(entry.value) as TableRecord)
  }

  async refresh(name: string): Promise<boolean> {
    const before = this.#tables.get(name)
    const asked = this.#refreshing.get(name) ?? new Queued(() => this.#refresh(name))
    this.#refreshing.set(name, asked)
    // Where the metadata is away, nothing is made either: the cache is as good.
    await within(this.#ports.clock, REFRESH_MS, asked.ask()).catch(() => {})
    if (asked.isIdle) this.#refreshing.delete(name)
    return this.#tables.get(name) !== before
  }

  async #refresh(name: string): Promise<void> {
    const entry = await this.#ports.metadata.get(tableKey(this.#realm, name))
    if (entry) this.#changed([{ key: entry.key, entry }])
  }

  list(): string[] {
    return [...this.#tables.keys()].sort((a, b) => (a < b ? -1 : 1))
  }

  async create(record: TableRecord): Promise<TableRecord> {
    const placed = this.#place({ ...record, schemaVersion: 1 }, await this.#placement.wish(record.name))
    const key = tableKey(this.#realm, record.name)
    const { guards, puts } = await this.#partitionChanges(placed)
    const done = await this.#ports.metadata.commit({
      guards: [{ key, version: 0 }, ...guards],
      puts: [{ key, value: JSON.stringify(placed) }, ...puts],
    })
    if (!done) throw dynamo('ResourceInUseException', `Table already exists: ${record.name}`)
    // An import fills the table that it makes.
    const isImport = record.filling?.kind === 'import'
    await this.#settled(record.name, table => (isImport ? table !== undefined : table?.status === 'ACTIVE'), SETTLE_MS)
    return placed
  }

  async change(name: string, change: TableChange): Promise<TableRecord> {
    const wish = await this.#placement.wish(name)
    const changed = await this.#update(name, current => {
      const next = change(current, this.#ports.clock.now())
      const isNew = schemaDiffers(current, next)
      return this.#place(isNew ? toldToAll(next) : next, wish)
    })
    const builds = changed.globalIndexes.some(index => index.status === 'CREATING')
    const isSettled = (table: TableRecord | undefined) =>
      table?.status !== 'UPDATING' && (table?.globalIndexes ?? []).every(index => index.status === 'ACTIVE')
    await this.#settled(name, isSettled, builds ? BACKFILL_SETTLE_MS : SETTLE_MS)
    return changed
  }

  async delete(name: string, check: (current: TableRecord) => void): Promise<TableRecord> {
    const deleted = await this.#update(name, current => {
      check(current)
      const deletedAt = this.#ports.clock.now()
      const farewell = current.pointInTimeRecovery && this.#farewell()
      const { resharding: _, ...rest } = current
      return { ...toldToAll(rest), status: 'DELETING', deletedAt, farewell }
    })
    await this.#settled(name, table => table?.id !== deleted.id, SETTLE_MS)
    return deleted
  }

  async statistics(table: TableRecord): Promise<TableStatistics> {
    const sum = (rows: RowStatistics, more: RowStatistics | undefined) => {
      rows.items += more?.items ?? 0
      rows.bytes += more?.bytes ?? 0
    }
    const statistics: TableStatistics = { table: { items: 0, bytes: 0 }, indexes: {} }
    for (const index of [...table.localIndexes, ...table.globalIndexes])
      setOwn(statistics.indexes, index.name, { items: 0, bytes: 0 })
    const own = await Promise.all(table.partitions.map(({ id }) => this.#statisticsOf(id)))
    for (const part of own) {
      sum(statistics.table, part)
      for (const { name } of table.localIndexes) sum(statistics.indexes[name]!, part && getOwn(part.local, name))
    }
    for (const { name, partitions } of table.globalIndexes) {
      const parts = await Promise.all(partitions.map(({ id }) => this.#statisticsOf(id)))
      for (const part of parts) sum(statistics.indexes[name]!, part)
    }
    return statistics
  }

  /** Undefined while nobody leads it: the figures are approximate at any time. */
  async #statisticsOf(partition: string): Promise<PartitionStatistics | undefined> {
    try {
      return await this.#ports.leaders.find(partition)?.statistics()
    } catch (error) {
      if (error instanceof NotLeading) return undefined
      throw error
    }
  }

  /** Changes the record, and the partitions' records with it; anew when another change came between. */
  async #update(name: string, change: (current: TableRecord) => TableRecord): Promise<TableRecord> {
    const key = tableKey(this.#realm, name)
    while (true) {
      const entry = await this.#ports.metadata.get(key)
      if (!entry) throw resourceNotFound(`Requested resource not found: Table: ${name} not found`)
      const current = JSON.parse(entry.value) as TableRecord
      const next = change(current)
      const commit: Commit = { guards: [{ key, version: entry.version }], puts: [{ key, value: JSON.stringify(next) }] }
      if (next.schemaVersion !== current.schemaVersion) {
        const { guards, puts } = await this.#partitionChanges(next, current)
        commit.guards.push(...guards)
        commit.puts!.push(...puts)
      }
      if (next.status === 'DELETING') commit.deletes = doomed(current).map(partitionKey)
      if (await this.#ports.metadata.commit(commit)) return next
    }
  }

  /** Once, streams and times to live were settings that partitions did not hear of. */
  async #isUnheard(record: TableRecord): Promise<boolean> {
    const { stream, timeToLive } = schemaOf(record)
    if (record.status === 'DELETING' || (!stream && timeToLive === undefined)) return false
    const entry = await this.#ports.metadata.get(partitionKey(record.partitions[0]!.id))
    const known = entry && (JSON.parse(entry.value) as PartitionRecord).schema?.table
    return known !== undefined && (known.stream?.label !== stream?.label || known.timeToLive !== timeToLive)
  }

  async #tell(name: string): Promise<void> {
    await this.#update(name, current => toldToAll(current))
  }

  /** Gives partitions to the table and to indexes that have none. */
  #place(record: TableRecord, { partitions }: PlacementRecord): TableRecord {
    const cut = () => slices(partitions, () => this.#ports.random.uuid())
    return {
      ...record,
      partitions: record.partitions.length > 0 ? record.partitions : cut(),
      globalIndexes: record.globalIndexes.map(index =>
        index.partitions.length > 0 ? index : { ...index, partitions: cut() },
      ),
    }
  }

  /** A table that can be recovered to any point in time leaves a backup. */
  #farewell(): TableRecord['farewell'] {
    const time = this.#ports.clock.now()
    return { backup: stampedId(time, this.#ports.random.uuid()), time }
  }

  #partitionChanges(record: TableRecord, before?: TableRecord): ReturnType<typeof partitionChanges> {
    return partitionChanges(this.#ports.metadata, this.#placement, record, before)
  }

  #changed(changes: MetadataChange[]): void {
    const prefix = tablesPrefix(this.#realm)
    for (const { key, entry } of changes) {
      const name = key.slice(prefix.length)
      if (!entry) this.#tables.delete(name)
      else if (entry.version > (this.#tables.get(name)?.version ?? 0)) {
        this.#tables.set(name, { record: JSON.parse(entry.value) as TableRecord, version: entry.version })
      }
    }
    for (const check of [...this.#waiting]) check()
  }

  /** Resolves when the cached record is as wished, or after `ms`. */
  #settled(name: string, isSettled: (table: TableRecord | undefined) => boolean, ms: number): Promise<void> {
    return new Promise(resolve => {
      const check = () => {
        if (isSettled(this.find(name))) finish()
      }
      const cancel = this.#ports.clock.after(ms, () => finish())
      const finish = () => {
        cancel()
        this.#waiting.delete(check)
        resolve()
      }
      this.#waiting.add(check)
      // Whatever is committed by now has been, or is just being, told to the watch.
      queueMicrotask(check)
    })
  }
}

/** The partitions that go at once when the table is deleted. */
function doomed(table: TableRecord): string[] {
  return [...indexPartitionIds(table), ...childrenOf(table, undefined).map(({ id }) => id)]
}

/** Whether all partitions have to know of the change. */
function schemaDiffers(before: TableRecord, after: TableRecord): boolean {
  const { stream: oldStream, timeToLive: oldTime } = schemaOf(before)
  const { stream, timeToLive } = schemaOf(after)
  if (oldStream?.label !== stream?.label || oldTime !== timeToLive) return true
  if ((before.pointInTimeRecovery === undefined) !== (after.pointInTimeRecovery === undefined)) return true
  const live = (table: TableRecord) =>
    table.globalIndexes.filter(index => index.status !== 'DELETING').map(({ id }) => id)
  return live(before).join() !== live(after).join()
}
