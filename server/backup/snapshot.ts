/**
 * A snapshot: the rows of a table's partitions, read while writes go on, and the entries of that while, which together make
 * the table of one moment. Its manifest is written last; without it there is no snapshot.
 *
 * INV-B1  What a manifest names was written before it, and is known by its hash.
 * INV-B2  A snapshot shows, of every partition, all writes up to its time and none after it; and each transaction whole or not at all.
 */

import type { Clock } from '../base/clock.ts'
import { invariant } from '../base/invariant.ts'
import type { Tables } from '../cluster/cluster.ts'
import type { PartitionHistory } from '../cluster/leaders.ts'
import type { Position } from '../log/log.ts'
import type { TableRecord } from '../model/table.ts'
import type { ObjectStore } from '../objects/objects.ts'
import { type Count, goOn, type Stopped } from './duty.ts'
import { leadingHistory, type Partitions } from './partitions.ts'
import { getSealed, putSealed, type Sealed } from './sealed.ts'
import { packEntries, type Segment } from './segment.ts'

export type SnapshotPart = {
  partition: string
  /** All entries up to here are in the rows, and none after `scanned`. */
  start: Position
  scanned: Position
  /** The last entry in `log`, which begins after `start`. */
  end: Position
  rows: Sealed[]
  log: Segment[]
}

export type Manifest = {
  format: 1
  /** The source, as it was. */
  table: TableRecord
  /** Epoch milliseconds. */
  time: number
  parts: SnapshotPart[]
}

/** Bytes of rows or entries in an object, before compression. */
const OBJECT_BYTES = 4 * 1024 * 1024
const READ_BYTES = 1024 * 1024
const MANIFEST = 'manifest.zst'

export type SnapshotPorts = Partitions & { objects: ObjectStore; tables: Pick<Tables, 'latest'> }

/** Takes a snapshot of `table` under the names that begin with `prefix`. Errors: any of the object store; NotLeading; Interrupted. */
export async function takeSnapshot(
  table: TableRecord,
  ports: SnapshotPorts,
  prefix: string,
  stopped: Stopped,
  count: Count = () => {},
): Promise<{ manifest: Manifest; sealed: Sealed }> {
  const source = { ...table, ...(await otherPartitions(table, ports)) }
  const copies = await Promise.all(source.partitions.map(({ id }) => copyOf(id, ports, prefix, stopped)))
  try {
    // What transactions hold now was prepared by entries that are not copied: they are resolved before the snapshot's time.
    for (const { history } of copies) await history.settled(ports.clock.now())
    for (const copy of copies) await copyRows(copy, count)
    const time = ports.clock.now()
    for (const copy of copies) await copyLog(copy, await copy.history.settled(time))
    if (await otherPartitions(source, ports)) return await takeSnapshot(table, ports, prefix, stopped, count)
    const manifest: Manifest = { format: 1, table: source, time, parts: copies.map(({ part }) => part) }
    const sealed = await putSealed(ports.objects, prefix + MANIFEST, Buffer.from(JSON.stringify(manifest)))
    return { manifest, sealed }
  } finally {
    for (const { history } of copies) await history.release(prefix)
  }
}

/** The table's partitions, if they are others by now: the copy was of those before, which may not have all of it. */
async function otherPartitions(table: TableRecord, { tables }: SnapshotPorts) {
  const { id, partitions, retired } = (await tables.latest(table.name)) ?? table
  const isSame = partitions.map(({ id }) => id).join() === table.partitions.map(({ id }) => id).join()
  return id !== table.id || isSame ? undefined : { partitions, retired }
}

/** One partition's part, as far as it is copied. */
type Copy = {
  part: SnapshotPart
  history: PartitionHistory
  objects: ObjectStore
  clock: Clock
  folder: string
  stopped: Stopped
}

/** Holds the log from here on. */
async function copyOf(
  partition: string,
  ports: Partitions & { objects: ObjectStore },
  prefix: string,
  stopped: Stopped,
): Promise<Copy> {
  const history = await leadingHistory(ports, partition)
  const start = await history.retain(prefix)
  const part = { partition, start, scanned: start, end: start, rows: [], log: [] }
  return { part, history, objects: ports.objects, clock: ports.clock, folder: `${prefix}${partition}/`, stopped }
}

async function copyRows({ part, history, objects, clock, folder, stopped }: Copy, count: Count): Promise<void> {
  let texts: Buffer[] = []
  let bytes = 0
  let after: Buffer | undefined
  do {
    goOn(stopped)
    const page = await history.rows(after)
    part.scanned = page.position
    count(page.rows.length)
    after = page.next
    const text = Buffer.from(page.rows.map(row => `${row.json}\n`).join(''))
    texts.push(text)
    bytes += text.length
    if (bytes >= OBJECT_BYTES || (bytes > 0 && !after)) {
      const name = `${folder}rows-${numbered(part.rows.length)}.zst`
      part.rows.push(await putSealed(objects, name, Buffer.concat(texts)))
      texts = []
      bytes = 0
    }
    // Requests come first.
    await new Promise<void>(resolve => clock.soon(resolve))
  } while (after)
}

async function copyLog({ part, history, objects, folder, stopped }: Copy, upTo: Position): Promise<void> {
  while (part.end < upTo) {
    goOn(stopped)
    const read = await history.entries(part.end, READ_BYTES)
    const entries = read.filter(({ position }) => position <= upTo)
    invariant(entries[0]?.position === part.end + 1, `partition ${part.partition} no longer has entry ${part.end + 1}`)
    const [first, last] = [part.end + 1, entries.at(-1)!.position]
    const name = `${folder}log-${numbered(part.log.length)}.zst`
    part.log.push({ ...(await putSealed(objects, name, packEntries(entries))), first, last })
    part.end = last
  }
}

/** Errors: Damaged. */
export async function readManifest(objects: ObjectStore, sealed: Sealed): Promise<Manifest> {
  return JSON.parse((await getSealed(objects, sealed)).toString()) as Manifest
}

/** All objects of a snapshot but its manifest. */
export function objectsOf({ parts }: Manifest): Sealed[] {
  return parts.flatMap(({ rows, log }) => [...rows, ...log])
}

function numbered(count: number): string {
  return String(count).padStart(8, '0')
}
