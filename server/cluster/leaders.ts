/** Where partitions are led: in this process, or (with the cluster's adapters) in another. */

import type { LoggedEntry, Position } from '../log/log.ts'
import type { RangeRequest, WriteCommand, WriteOutcome } from '../partition/command.ts'
import type { FeedRow, IndexPartitions } from '../replica/feed.ts'
import type { HistoryPage } from '../replica/history.ts'
import type { PartitionStatistics } from '../replica/leader.ts'
import { NotLeading } from '../replica/pipeline.ts'
import type { Image, Page } from '../store/rows.ts'

/** What a server may ask of a partition's leader. */
export interface PartitionLeader {
  readonly history: PartitionHistory
  get(key: Buffer): Image | undefined | Promise<Image | undefined>
  range(request: RangeRequest): Page | Promise<Page>
  write(command: WriteCommand): Promise<WriteOutcome>
  statistics(): PartitionStatistics
  /** Resolves once the index's partitions have the rows of all that is applied here; undefined if they have them by now. */
  fed(index: string): Promise<unknown> | undefined
}

/** For those who copy a partition; see replica/history.ts. */
export interface PartitionHistory {
  rows(after: Buffer | undefined): HistoryPage | Promise<HistoryPage>
  entries(after: Position, maxBytes: number): Promise<LoggedEntry[]>
  settled(time: number): Promise<Position>
  retain(holder: string, after?: Position): Position | Promise<Position>
  release(holder: string): void | Promise<void>
}

export interface Leaders {
  find(partition: string): PartitionLeader | undefined
}

/** The leader of an index's partition, as seen by those who feed it. */
type IndexLeader = {
  feed(source: string, position: number, rows: FeedRow[]): Promise<void>
  consumed(source: string): number
}

/** Feeds go to the leaders that `find` knows. */
export function indexPartitions(find: (partition: string) => IndexLeader | undefined): IndexPartitions {
  const leading = (partition: string) => {
    const leader = find(partition)
    if (!leader) throw new NotLeading(`partition ${partition} has no leader yet`)
    return leader
  }
  return {
    consumed: async (partition, source) => leading(partition).consumed(source),
    feed: async (partition, source, position, rows) => leading(partition).feed(source, position, rows),
  }
}
