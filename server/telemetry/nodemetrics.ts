/** The metrics of a node: its connections, partitions, indexes, log, checkpoints and disk. */
import { readdir, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Histogram } from '../base/histogram.ts'
import type { Tables } from '../cluster/cluster.ts'
import type { Leader } from '../replica/leader.ts'
import type { Definition, Reading } from './definition.ts'

/** The parts of a server that know what is asked of them here. */
export type ServerSources = {
  connections(): Promise<number>
  /** Backups, restores, exports and imports under way. */
  jobs(): { kind: string; items: number }[]
}

/** The parts of a storage node. */
export type PartitionSources = {
  tables: Pick<Tables, 'find' | 'list'>
  /** All partitions of the node, led or not. */
  replicas(): { leader: Leader | undefined; lag: number }[]
  /** Partitions held here that no node leads. */
  unled(): number
  /** Partitions that have stopped here. */
  stopped(): unknown[]
  /** The disk takes no writes. */
  diskFailing(): boolean
  leader(partition: string): Leader | undefined
  /** Bytes of log entries that are not trimmed yet. */
  untrimmed(): number
  checkpoints: { checkpoints: Histogram; failedCheckpoints: number }
  /** The comparison of replicas, of what is led here. */
  scrubber: { bytes: number; rounds: number; differences: number }
  /** Items deleted because they had expired, by the table's UUID. */
  expired: ReadonlyMap<string, number>
  /** Undefined if changes are not published. */
  publishing: { published: ReadonlyMap<string, number>; lags(): Map<string, number> } | undefined
  /** Undefined if everything is in memory. `log`: if it is in the folder, too. */
  disk: { folder: string; log?: { folder: string; activity: LogActivity } } | undefined
}

type LogActivity = { entries: number; bytes: number; sync: Histogram }

export function serverMetrics(sources: ServerSources): Definition[] {
  return [gauge('tavola_connections', 'Open client connections.', sources.connections), ...jobs(sources)]
}

export function partitionMetrics(sources: PartitionSources): Definition[] {
  return [
    ...partitions(sources),
    ...scrubbing(sources),
    ...expiry(sources),
    ...publishing(sources),
    ...log(sources),
    ...disk(sources),
  ]
}

const JOBS = ['backup', 'restore', 'export', 'import']

function jobs({ jobs }: ServerSources): Definition[] {
  return [
    {
      name: 'tavola_job_items',
      help: 'Items that backups, restores, exports and imports under way have done so far.',
      kind: 'gauge',
      labels: ['job'],
      read() {
        const running = jobs()
        const done = (job: string) => running.reduce((sum, { kind, items }) => sum + (kind === job ? items : 0), 0)
        return JOBS.map(job => ({ labels: { job }, value: done(job) }))
      },
    },
  ]
}

function partitions({
  tables,
  replicas,
  unled,
  stopped,
  diskFailing,
  leader,
  checkpoints,
}: PartitionSources): Definition[] {
  return [
    gauge('tavola_partitions', 'Partitions that this node holds.', () => replicas().length),
    gauge('tavola_partitions_led', 'Partitions that this node leads, and so serves.', () => leadersOf(replicas).length),
    gauge('tavola_partitions_unled', 'Partitions that this node holds and no node leads.', unled),
    gauge(
      'tavola_partitions_stopped',
      'Partitions that do not go on here, for their log is not what was applied.',
      () => stopped().length,
    ),
    gauge('tavola_disk_failing', '1 while the disk takes no writes, and other nodes are to lead.', () =>
      diskFailing() ? 1 : 0,
    ),
    gauge('tavola_replication_lag_entries', 'Log entries that the furthest behind replica here has yet to apply.', () =>
      Math.max(0, ...replicas().map(({ lag }) => lag)),
    ),
    gauge('tavola_waiting_write_bytes', 'Bytes of writes that are evaluated and not in the log yet.', () =>
      leadersOf(replicas).reduce((sum, { waitingBytes }) => sum + waitingBytes, 0),
    ),
    {
      name: 'tavola_index_feed_lag_entries',
      help: 'Log entries of the table that the furthest behind partition of the global index has yet to take in.',
      kind: 'gauge',
      labels: ['table', 'global_secondary_index'],
      read: () => feedLags(tables, leader),
    },
    {
      name: 'tavola_checkpoint_seconds',
      help: 'Time to make a partition file durable.',
      kind: 'histogram',
      read: () => [{ value: checkpoints.checkpoints }],
    },
    {
      name: 'tavola_checkpoint_failures_total',
      help: 'Checkpoints that failed and will be tried again.',
      kind: 'counter',
      read: () => [{ value: checkpoints.failedCheckpoints }],
    },
  ]
}

function scrubbing({ scrubber }: PartitionSources): Definition[] {
  return [
    counter('tavola_scrub_bytes_total', 'Bytes of rows whose replicas were compared.', () => scrubber.bytes),
    counter(
      'tavola_scrub_rounds_total',
      'Times that the replicas of a partition led here were compared from the first row to the last.',
      () => scrubber.rounds,
    ),
    counter(
      'tavola_scrub_differences_total',
      'Times that replicas of a partition led here were found not to be the same.',
      () => scrubber.differences,
    ),
  ]
}

function expiry({ tables, expired }: PartitionSources): Definition[] {
  return [
    {
      name: 'tavola_time_to_live_deleted_item_count_total',
      help: 'Items deleted because they had expired.',
      kind: 'counter',
      labels: ['table'],
      read: () => expiredItems(tables, expired),
    },
  ]
}

function publishing({ publishing }: PartitionSources): Definition[] {
  if (!publishing) return []
  const tables = () => [...publishing.lags().keys()]
  return [
    {
      name: 'tavola_published_changes_total',
      help: 'Change records published to NATS.',
      kind: 'counter',
      labels: ['table'],
      read: () => tables().map(table => ({ labels: { table }, value: publishing.published.get(table) ?? 0 })),
    },
    {
      name: 'tavola_publish_lag_seconds',
      help: 'For how long the oldest change record that is not published has been waiting.',
      kind: 'gauge',
      labels: ['table'],
      read: () => [...publishing.lags()].map(([table, ms]) => ({ labels: { table }, value: ms / 1000 })),
    },
  ]
}

function log({ untrimmed, disk }: PartitionSources): Definition[] {
  const activity = disk?.log?.activity
  const written = (read: (activity: LogActivity) => number) => () => (activity ? [{ value: read(activity) }] : [])
  return [
    {
      name: 'tavola_log_sync_seconds',
      help: 'Time to write and sync a group of log entries; its count is the number of groups.',
      kind: 'histogram',
      read: () => (activity ? [{ value: activity.sync }] : []),
    },
    {
      name: 'tavola_log_entries_total',
      help: 'Entries written to the log.',
      kind: 'counter',
      read: written(({ entries }) => entries),
    },
    {
      name: 'tavola_log_written_bytes_total',
      help: 'Bytes written to the log.',
      kind: 'counter',
      read: written(({ bytes }) => bytes),
    },
    gauge('tavola_log_untrimmed_bytes', 'Bytes of log entries that are still needed.', untrimmed),
  ]
}

function disk({ disk }: PartitionSources): Definition[] {
  if (!disk) return []
  const { folder, log } = disk
  return [
    ...(log ? [gauge('tavola_log_disk_bytes', 'Bytes that the files of the log take.', () => sizeOf(log.folder))] : []),
    gauge('tavola_disk_free_bytes', "Bytes free on the data folder's disk.", async () => {
      const { bavail, bsize } = await statfs(folder)
      return bavail * bsize
    }),
    gauge('tavola_disk_size_bytes', "Bytes of the data folder's disk, used or free.", async () => {
      const { blocks, bsize } = await statfs(folder)
      return blocks * bsize
    }),
  ]
}

function gauge(name: string, help: string, value: () => number | Promise<number>): Definition {
  return { name, help, kind: 'gauge', read: async () => [{ value: await value() }] }
}

function counter(name: string, help: string, value: () => number): Definition {
  return { name, help, kind: 'counter', read: () => [{ value: value() }] }
}

function leadersOf(replicas: PartitionSources['replicas']): Leader[] {
  return replicas().flatMap(({ leader }) => leader ?? [])
}

function* expiredItems(
  tables: PartitionSources['tables'],
  expired: PartitionSources['expired'],
): Iterable<Reading<number>> {
  for (const table of tables.list()) {
    const { id, timeToLive } = tables.find(table)!
    const value = expired.get(id)
    if (value !== undefined || timeToLive?.enabled) yield { labels: { table }, value: value ?? 0 }
  }
}

function* feedLags(tables: PartitionSources['tables'], leader: PartitionSources['leader']): Iterable<Reading<number>> {
  for (const table of tables.list()) {
    const { partitions, globalIndexes } = tables.find(table)!
    for (const { id, name } of globalIndexes) {
      const value = Math.max(0, ...partitions.map(partition => leader(partition.id)?.feedLag(id) ?? 0))
      yield { labels: { table, global_secondary_index: name }, value }
    }
  }
}

/** Bytes of the folder's files. One that goes meanwhile counts nothing. */
async function sizeOf(folder: string): Promise<number> {
  const files = await readdir(folder)
  const sizes = await Promise.all(
    files.map(file =>
      stat(join(folder, file)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
