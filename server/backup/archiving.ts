/**
 * The chore of archives: of every table with point-in-time recovery it copies the log, before the log forgets it, and takes
 * a new base snapshot when the entries since the last one have become many; then it lets go of what is older than the
 * window. A log that forgot too early is said so, and the archive goes on from a new base.
 */
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Tables } from '../cluster/cluster.ts'
import type { Leaders } from '../cluster/leaders.ts'
import type { Metadata, MetadataEntry } from '../metadata/metadata.ts'
import type { PartitionSlice, TableRecord } from '../model/table.ts'
import { deleteAll, type ObjectStore } from '../objects/objects.ts'
import { ARCHIVE } from '../replica/history.ts'
import { archivedSegments, DAY_MS, segmentName } from './archives.ts'
import { type Chore, goOn, type Stopped, type Task } from './duty.ts'
import { leadingHistory } from './partitions.ts'
import { ARCHIVES, type ArchiveRecord, archiveKey, archiveObjects } from './records.ts'
import { putSealed } from './sealed.ts'
import { packEntries } from './segment.ts'
import { objectsOf, otherPartitions, readManifest, takeSnapshot } from './snapshot.ts'

export type ArchivingPorts = {
  metadata: Metadata
  tables: Tables
  leaders: Leaders
  objects: ObjectStore
  clock: Clock
  logger: Logger
}

/** What changed is archived at least this often: a disk that is lost takes no more with it. */
const INTERVAL_MS = 10_000
/** Not more often than this, whoever asks. */
const MIN_INTERVAL_MS = 200
/** Archived entries of fewer bytes never make a new base. */
const MIN_BASE_BYTES = 64 * 1024 * 1024
const READ_BYTES = 4 * 1024 * 1024

export class Archiving implements Chore {
  readonly #ports: ArchivingPorts
  /** By table id: monotonic time of the last round, and whether somebody waits for the next one. */
  readonly #rounds = new Map<string, number>()
  readonly #wanted = new Set<string>()
  readonly #baseBytes: number

  /** `baseBytes`: archived entries of fewer bytes than this, or than the last base, make no new one. */
  constructor(ports: ArchivingPorts, baseBytes = MIN_BASE_BYTES) {
    this.#ports = ports
    this.#baseBytes = baseBytes
  }

  /** Makes the table's next round due. @returns milliseconds until then */
  want(tableId: string): number {
    this.#wanted.add(tableId)
    return Math.max(0, MIN_INTERVAL_MS - this.#age(tableId))
  }

  async tasks(): Promise<Task[]> {
    const { tables, metadata } = this.#ports
    const all = tables.list().flatMap(name => tables.find(name) ?? [])
    const live = all.filter(
      table => table.pointInTimeRecovery && table.status !== 'CREATING' && table.status !== 'DELETING',
    )
    const tasks: Task[] = []
    for (const table of live) {
      if (this.#age(table.id) < (this.#wanted.has(table.id) ? MIN_INTERVAL_MS : INTERVAL_MS)) continue
      tasks.push({ key: `archive/${table.id}`, run: stopped => this.#round(table, stopped) })
    }
    const kept = new Set(all.flatMap(table => archivesOf(table)))
    for (const entry of await metadata.list(ARCHIVES)) {
      if (!kept.has(entry.key)) tasks.push({ key: entry.key, run: () => this.#remove(entry) })
    }
    return tasks
  }

  #age(tableId: string): number {
    return this.#ports.clock.monotonic() - (this.#rounds.get(tableId) ?? Number.NEGATIVE_INFINITY)
  }

  async #round(table: TableRecord, stopped: Stopped): Promise<void> {
    const { metadata, clock } = this.#ports
    this.#wanted.delete(table.id)
    const { id } = table.pointInTimeRecovery!
    const key = archiveKey(table.id, id)
    const entry = await metadata.get(key)
    const record: ArchiveRecord = entry
      ? JSON.parse(entry.value)
      : { tableId: table.id, id, bases: [], archived: {}, since: 0, latest: 0 }
    const isWhole = await this.#hold(table, record)
    if (!isWhole || record.since > Math.max(this.#baseBytes, record.bases.at(-1)?.bytes ?? 0))
      await this.#base(table, record, stopped)
    const time = clock.now()
    for (const { id } of unarchived(table, id => record.archived[id] !== undefined))
      await this.#copy(record, id, time, stopped)
    // What others have taken over from meanwhile may have been written to since, in places that this round knows nothing of.
    if (!(await otherPartitions(table, this.#ports))) record.latest = time
    await this.#sweep(table, record)
    await metadata.commit({
      guards: [{ key, version: entry?.version ?? 0 }],
      puts: [{ key, value: JSON.stringify(record) }],
    })
    this.#rounds.set(table.id, clock.monotonic())
    await this.#letRetire(table)
  }

  /** Partitions that others have taken over from may go: the archive has all of them, and says so by now. */
  async #letRetire({ name, id, retired = [] }: TableRecord): Promise<void> {
    if (retired.every(({ archived }) => archived)) return
    const ids = new Set(retired.map(partition => partition.id))
    await this.#ports.tables.change(name, current => ({
      ...current,
      retired: current.retired?.map(partition =>
        current.id === id && ids.has(partition.id) ? { ...partition, archived: true } : partition,
      ),
    }))
  }

  /** Pins what is not archived yet. False if some of it is lost, or if nothing was archived so far. */
  async #hold(table: TableRecord, record: ArchiveRecord): Promise<boolean> {
    let isWhole = record.bases.length > 0
    const heirs = new Set<string>()
    // The oldest first: others may have taken over from those that have taken over since the last round.
    for (const { id, heirs: own } of table.retired ?? []) {
      if (record.archived[id] === undefined && !heirs.has(id)) continue
      record.heirs = { ...record.heirs, [id]: own }
      for (const heir of own) heirs.add(heir)
    }
    for (const { id } of unarchived(table, id => record.archived[id] !== undefined || heirs.has(id))) {
      const history = await leadingHistory(this.#ports, id)
      // All of what has taken over from an archived one is wanted.
      const known = record.archived[id] ?? (isWhole && heirs.has(id) ? 0 : undefined)
      const after = await history.retain(ARCHIVE, known)
      const [next] = await history.entries(after, 1)
      if (next && next.position > after + 1) {
        this.#ports.logger.error(
          { partition: id, table: table.name },
          'entries were lost before they were archived: a point in time between them cannot be recovered',
        )
        isWhole = false
        record.archived[id] = await history.retain(ARCHIVE)
      } else record.archived[id] = after
    }
    return isWhole
  }

  async #base(table: TableRecord, record: ArchiveRecord, stopped: Stopped): Promise<void> {
    const prefix = `${archiveObjects(record)}base-${String(this.#ports.clock.now()).padStart(14, '0')}/`
    const { manifest, sealed } = await takeSnapshot(table, this.#ports, prefix, stopped)
    const bytes = objectsOf(manifest).reduce((sum, { size }) => sum + size, 0)
    record.bases.push({ time: manifest.time, manifest: sealed, bytes })
    record.since = 0
  }

  /** Archives all entries of `time` and before, and those that are there by then. */
  async #copy(record: ArchiveRecord, partition: string, time: number, stopped: Stopped): Promise<void> {
    const { objects } = this.#ports
    const history = await leadingHistory(this.#ports, partition)
    const end = await history.settled(time)
    for (let after = record.archived[partition]!; after < end; ) {
      goOn(stopped)
      const entries = await history.entries(after, READ_BYTES)
      if (entries[0]?.position !== after + 1) throw new Error(`partition ${partition} no longer has entry ${after + 1}`)
      const last = entries.at(-1)!.position
      const nameOf = (sha256: string) => segmentName(record, partition, after + 1, last, sha256)
      record.since += (await putSealed(objects, nameOf, packEntries(entries))).size
      after = record.archived[partition] = await history.retain(ARCHIVE, last)
    }
  }

  /** Keeps the last base before the window, all later ones, and the entries from there on. */
  async #sweep(table: TableRecord, record: ArchiveRecord): Promise<void> {
    const { objects, clock } = this.#ports
    const begin = clock.now() - table.pointInTimeRecovery!.days * DAY_MS
    const oldest = record.bases.findLastIndex(({ time }) => time <= begin)
    if (oldest <= 0 || this.#isInUse(record)) return
    const gone = record.bases.splice(0, oldest)
    for (const { manifest } of gone)
      await deleteAll(objects, manifest.name.slice(0, manifest.name.lastIndexOf('/') + 1))
    const { parts } = await readManifest(objects, record.bases[0]!.manifest)
    await this.#sweepLine(
      record,
      parts.map(({ partition }) => partition),
    )
    for (const { partition, start } of parts) {
      for (const { name, last } of await archivedSegments(objects, record, partition)) {
        if (last <= start) await objects.delete(name)
      }
    }
  }

  /** Lets go of the partitions that all others have taken over from before the oldest base. */
  async #sweepLine(record: ArchiveRecord, oldest: string[]): Promise<void> {
    const { heirs = {} } = record
    const kept = new Set(oldest)
    for (const partition of kept) for (const heir of heirs[partition] ?? []) kept.add(heir)
    for (const partition of Object.keys(record.archived).filter(id => !kept.has(id))) {
      for (const { name } of await archivedSegments(this.#ports.objects, record, partition))
        await this.#ports.objects.delete(name)
      delete record.archived[partition]
      delete heirs[partition]
    }
  }

  #isInUse({ tableId, id }: ArchiveRecord): boolean {
    const { tables } = this.#ports
    return tables.list().some(name => {
      const filling = tables.find(name)?.filling
      return filling?.kind === 'archive' && filling.tableId === tableId && filling.archive === id
    })
  }

  async #remove({ key, version, value }: MetadataEntry): Promise<void> {
    await deleteAll(this.#ports.objects, archiveObjects(JSON.parse(value) as ArchiveRecord))
    await this.#ports.metadata.commit({ guards: [{ key, version }], deletes: [key] })
  }
}

/** The partitions of which the archive may lack something. `isKnown`: of those that others have taken over from, the ones it has to have. */
function unarchived({ partitions, retired = [] }: TableRecord, isKnown: (id: string) => boolean): PartitionSlice[] {
  return [...retired.filter(({ id, archived }) => !archived && isKnown(id)), ...partitions]
}

/** The archive that the table has, and the one that it is restored from. */
function archivesOf({ id, pointInTimeRecovery, filling }: TableRecord): string[] {
  const own = pointInTimeRecovery ? [archiveKey(id, pointInTimeRecovery.id)] : []
  return filling?.kind === 'archive' ? [...own, archiveKey(filling.tableId, filling.archive)] : own
}
