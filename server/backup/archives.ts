/** Archives as requests see them: how far a table can be recovered, and the table as it was at a moment in between. */
import type { Clock } from '../base/clock.ts'
import type { Tables } from '../cluster/cluster.ts'
import type { Metadata } from '../metadata/metadata.ts'
import type { TableRecord } from '../model/table.ts'
import type { ObjectStore } from '../objects/objects.ts'
import { type ArchiveRecord, archiveKey, archiveObjects } from './records.ts'
import { Damaged } from './sealed.ts'
import type { Segment } from './segment.ts'
import { readManifest } from './snapshot.ts'
import type { Moment } from './state.ts'
import { until } from './until.ts'

export type ArchivePorts = {
  tables: Pick<Tables, 'find'>
  metadata: Metadata
  objects: ObjectStore
  clock: Clock
  /** Has the table archived at once, up to now. */
  archive(tableId: string): void
}

/** Both inclusive, epoch milliseconds. */
export type Window = { earliest: number; latest: number }

export const DAY_MS = 24 * 3600 * 1000
const SETTLE_MS = 2000
const REACH_MS = 30_000
const LOOK_MS = 250

export class Archives {
  readonly #ports: ArchivePorts

  constructor(ports: ArchivePorts) {
    this.#ports = ports
  }

  /** What can be recovered, brought up to date if that takes no long time; undefined while nothing can. */
  async window(table: TableRecord): Promise<Window | undefined> {
    return this.#window(table, this.#ports.clock.now(), SETTLE_MS)
  }

  /** As `window`, with patience for a time that has passed but is not archived. */
  async windowUpTo(table: TableRecord, time: number): Promise<Window | undefined> {
    return this.#window(table, Math.min(time, this.#ports.clock.now()), REACH_MS)
  }

  async #window(table: TableRecord, time: number, patience: number): Promise<Window | undefined> {
    const { metadata, clock, archive } = this.#ports
    const { id, days } = table.pointInTimeRecovery!
    const key = archiveKey(table.id, id)
    const reaches = (value: string | undefined) =>
      value !== undefined && (JSON.parse(value) as ArchiveRecord).latest >= time
    if (!reaches((await metadata.get(key))?.value)) {
      archive(table.id)
      const end = clock.monotonic() + patience
      let isReached = false
      const look = (value: string | undefined) => (isReached = reaches(value))
      // Nobody archives a table that goes, or stops being archived, meanwhile.
      while (!isReached && this.#isArchived(table) && clock.monotonic() < end)
        await until(metadata, clock, key, look, Math.min(LOOK_MS, end - clock.monotonic()))
    }
    const entry = await metadata.get(key)
    const record = entry && (JSON.parse(entry.value) as ArchiveRecord)
    if (!record || record.bases.length === 0) return undefined
    return { earliest: Math.max(record.bases[0]!.time, clock.now() - days * DAY_MS), latest: record.latest }
  }

  #isArchived({ name, id, pointInTimeRecovery }: TableRecord): boolean {
    const now = this.#ports.tables.find(name)
    return now?.id === id && now.status !== 'DELETING' && now.pointInTimeRecovery?.id === pointInTimeRecovery?.id
  }
}

/** The table of an archive as it was at `time`. Errors: Damaged. */
export async function momentOfArchive(
  { metadata, objects }: Pick<ArchivePorts, 'metadata' | 'objects'>,
  { tableId, archive }: { tableId: string; archive: string },
  time: number,
): Promise<Moment> {
  const entry = await metadata.get(archiveKey(tableId, archive))
  const record = entry && (JSON.parse(entry.value) as ArchiveRecord)
  const base = record?.bases.findLast(base => base.time <= time)
  if (!record || !base) throw new Damaged(`the archive ${archive} of the table ${tableId} does not go back to ${time}`)
  const manifest = await readManifest(objects, base.manifest)
  const later = (partition: string) => archivedSegments(objects, record, partition)
  return { objects, manifest, time, later, heirs: partition => record.heirs?.[partition] ?? [] }
}

/** All segments of a partition, in order. Their names say what must be known of them. */
export async function archivedSegments(
  objects: ObjectStore,
  archive: Pick<ArchiveRecord, 'tableId' | 'id'>,
  partition: string,
): Promise<Segment[]> {
  const segments: Segment[] = []
  const folder = segmentFolder(archive, partition)
  for await (const { name, size } of objects.list(folder)) {
    const parts = /^(\d{16})-(\d{16})-([0-9a-f]{64})\.zst$/.exec(name.slice(folder.length))
    if (parts) segments.push({ name, size, sha256: parts[3]!, first: Number(parts[1]), last: Number(parts[2]) })
  }
  return segments
}

export function segmentName(
  archive: Pick<ArchiveRecord, 'tableId' | 'id'>,
  partition: string,
  first: number,
  last: number,
  sha256: string,
): string {
  const padded = (position: number) => String(position).padStart(16, '0')
  return `${segmentFolder(archive, partition)}${padded(first)}-${padded(last)}-${sha256}.zst`
}

function segmentFolder(archive: Pick<ArchiveRecord, 'tableId' | 'id'>, partition: string): string {
  return `${archiveObjects(archive)}log/${partition}/`
}
