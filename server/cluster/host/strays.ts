/** Files, and logs, of partitions that were dropped, or moved away, while a node was away, or as it died. */
import type { LogStore } from '../../log/log.ts'
import type { Metadata } from '../../metadata/metadata.ts'
import { holdersOf, PARTITIONS, type PartitionRecord, parsePartition } from '../records.ts'
import type { Files } from './files.ts'

export type StraysPorts = { node: string; metadata: Metadata; logs: LogStore; files: Files }

/** Removes them. @returns the records of the partitions that are the node's. Errors: those of the metadata, the logs, the disk */
export async function removeStrays({ node, metadata, logs, files }: StraysPorts): Promise<PartitionRecord[]> {
  // Before the records: what is made meanwhile is no stray.
  const kept = logs.partitions()
  const records = (await metadata.list(PARTITIONS)).map(({ value }) => parsePartition(value))
  const known = new Set(records.map(({ id }) => id))
  for (const partition of kept) if (!known.has(partition)) await logs.drop(partition)
  const own = records.filter(record => holdersOf(record).includes(node))
  await files.removeStrays(new Set(own.map(({ id }) => id)))
  return own
}
