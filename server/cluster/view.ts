/** The cluster's records together, as those see them who look after all of it: read once, or kept up to date. */
import type { Metadata, MetadataEntry } from '../metadata/metadata.ts'
import type { TableRecord } from '../model/table.ts'
import {
  ABSENCES,
  type AbsenceRecord,
  DRAINS,
  type DrainRecord,
  KEEPER,
  type KeeperRecord,
  LEADERS,
  type LeaderRecord,
  NODES,
  type NodeRecord,
  PARTITIONS,
  type PartitionRecord,
  PLACEMENTS,
  parseNode,
  parsePartition,
} from './records.ts'

/** `version`: of its key. */
export type Versioned<R> = { record: R; version: number }

export class View {
  /** Those that live, by name. */
  readonly nodes = new Map<string, NodeRecord>()
  readonly partitions = new Map<string, Versioned<PartitionRecord>>()
  /** By partition; those that are ready. */
  readonly leaders = new Map<string, LeaderRecord>()
  /** The tables, those of the cluster's own, and what remains of deleted ones, by key. */
  readonly tables = new Map<string, TableRecord>()
  /** By the table's name, as they were written. */
  readonly placements = new Map<string, string>()
  /** By node. */
  readonly drains = new Map<string, DrainRecord>()
  /** By node. */
  readonly absences = new Map<string, AbsenceRecord>()
  /** One at most, under no name. */
  readonly #keepers = new Map<string, KeeperRecord>()
  readonly #kinds = [
    kind(NODES, this.nodes, ({ value }) => parseNode(value)),
    kind(PARTITIONS, this.partitions, ({ value, version }) => ({ record: parsePartition(value), version })),
    kind(LEADERS, this.leaders, ({ value }) => readyLeader(value)),
    kind(PLACEMENTS, this.placements, ({ value }) => value),
    kind(DRAINS, this.drains, ({ value }) => JSON.parse(value) as DrainRecord),
    kind(ABSENCES, this.absences, ({ value }) => JSON.parse(value) as AbsenceRecord),
    kind(KEEPER, this.#keepers, ({ value }) => JSON.parse(value) as KeeperRecord),
    ...['tables/', 'system/', 'remains/'].map(prefix =>
      kind(
        prefix,
        this.tables,
        ({ key, value }) => (isTable(key) ? (JSON.parse(value) as TableRecord) : undefined),
        '',
      ),
    ),
  ]
  #unwatch: (() => void)[] = []

  /** What the server goes by that looks after the cluster; undefined if none does. */
  get keeper(): KeeperRecord | undefined {
    return this.#keepers.get('')
  }

  /** The records as they are now. Errors: MetadataUnavailable. */
  static async read(metadata: Metadata): Promise<View> {
    const view = new View()
    const read = async ({ prefix, take }: Kind) => {
      for (const entry of await metadata.list(prefix)) take(entry.key, entry)
    }
    await Promise.all(view.#kinds.map(read))
    return view
  }

  /** Keeps them up to date from now on, and says when they have changed. May be started again once it is stopped. */
  async watch(metadata: Metadata, changed: () => void): Promise<void> {
    for (const { prefix, take } of this.#kinds) {
      const unwatch = await metadata.watch(prefix, changes => {
        for (const { key, entry } of changes) take(key, entry)
        changed()
      })
      this.#unwatch.push(unwatch)
    }
  }

  stop(): void {
    for (const unwatch of this.#unwatch.splice(0)) unwatch()
    for (const { clear } of this.#kinds) clear()
  }
}

type Kind = { prefix: string; take(key: string, entry: MetadataEntry | undefined): void; clear(): void }

/** What lies under one prefix. `cut`: what names leave out of keys. */
function kind<V>(
  prefix: string,
  map: Map<string, V>,
  parse: (entry: MetadataEntry) => V | undefined,
  cut = prefix,
): Kind {
  const take = (key: string, entry: MetadataEntry | undefined) => {
    const value = entry && parse(entry)
    if (value === undefined) map.delete(key.slice(cut.length))
    else map.set(key.slice(cut.length), value)
  }
  return { prefix, take, clear: () => map.clear() }
}

function isTable(key: string): boolean {
  return !key.startsWith('system/') || key.endsWith('/tokens')
}

function readyLeader(value: string): LeaderRecord | undefined {
  const record = JSON.parse(value) as LeaderRecord
  return record.epoch > 0 ? record : undefined
}
