/** The streams that a table's record tells of, also when nothing else is left of the table. Pure. */
import type { StreamViewType } from '../model/schema.ts'
import type { KeySchemaElement, PartitionSlice, TableRecord } from '../model/table.ts'

/** Changes can be read for a day, also when their stream was disabled meanwhile, or its table deleted. */
export const RETENTION_MS = 24 * 3600 * 1000

export type StreamRecord = {
  /** The table's record; of one that was deleted, the last. */
  table: TableRecord
  label: string
  viewType: StreamViewType
  status: 'ENABLING' | 'ENABLED' | 'DISABLING' | 'DISABLED'
  keySchema: KeySchemaElement[]
  /** Those that others have taken over from included. */
  partitions: PartitionSlice[]
}

/** Those that can be read at `now`, the oldest first. */
export function streamsOf(table: TableRecord, now: number): StreamRecord[] {
  const { keySchema, retired = [] } = table
  const shared = { table, keySchema, partitions: [...retired, ...table.partitions] }
  const isChanging = table.status === 'UPDATING' && table.updating === 'STREAM'
  const streams = endedStreams(table)
    .filter(({ endedAt }) => endedAt > now - RETENTION_MS)
    .map(({ label, viewType }): StreamRecord => ({ ...shared, label, viewType, status: 'DISABLED' }))
  if (table.status === 'DELETING') return streams
  const last = streams.at(-1)
  if (isChanging && !table.stream && last) last.status = 'DISABLING'
  if (!table.stream) return streams
  const status = isChanging || table.status === 'CREATING' ? 'ENABLING' : 'ENABLED'
  return [...streams, { ...shared, label: table.latestStreamLabel!, viewType: table.stream.viewType, status }]
}

/** When the last stream of a deleted table can be read no longer; undefined if it leaves none. */
export function lastRetention(table: TableRecord): number | undefined {
  const ended = endedStreams(table)
  return ended.length === 0 ? undefined : Math.max(...ended.map(({ endedAt }) => endedAt)) + RETENTION_MS
}

/** A table that is deleted takes its stream with it. */
function endedStreams({ pastStreams = [], stream, latestStreamLabel, deletedAt }: TableRecord) {
  if (!stream || deletedAt === undefined) return pastStreams
  return [...pastStreams, { label: latestStreamLabel!, viewType: stream.viewType, endedAt: deletedAt }]
}

/** When the stream was made, epoch milliseconds: its label says so. */
export function createdAt({ label }: Pick<StreamRecord, 'label'>): number {
  return Date.parse(`${label}Z`)
}
