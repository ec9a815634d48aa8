/** Where partitions are led: in this process, or (with the cluster's adapters) in another. */
import type { LoggedEntry, Position } from '../log/log.ts'
import type {
  ChangesPage,
  ChangesRequest,
  RangeRequest,
  ShardState,
  WriteCommand,
  WriteOutcome,
} from '../partition/command.ts'
import type {
  CheckAnswer,
  CheckRequest,
  CommitAnswer,
  CommitRequest,
  Ending,
  Participant,
  PrepareRequest,
  ReadAnswer,
  Token,
  TokenState,
  Vote,
} from '../partition/transaction.ts'
import type { FeedRow, IndexPartitions } from '../replica/feed.ts'
import type { HistoryPage } from '../replica/history.ts'
import type { Held, Peers } from '../replica/peers.ts'
import { NotLeading } from '../replica/pipeline.ts'
import type { PartitionStatistics } from '../replica/statistics.ts'
import type { Image, Page } from '../store/rows.ts'

/** What a server may ask of a partition's leader. */
export interface PartitionLeader {
  readonly history: PartitionHistory
  readonly transactions: TransactionLeader
  readonly changes: ChangeLeader
  get(key: Buffer): Image | undefined | Promise<Image | undefined>
  range(request: RangeRequest): Page | Promise<Page>
  write(command: WriteCommand): Promise<WriteOutcome>
  statistics(): PartitionStatistics | Promise<PartitionStatistics>
  /** Resolves once the index's partitions have the rows of all that is applied here; undefined if they have them by now. */
  fed(index: string): Promise<unknown> | undefined
}

/** A partition's part of its table's streams, by label; undefined for one that it does not know. */
export interface ChangeLeader {
  shard(label: string): ShardState | undefined | Promise<ShardState | undefined>
  read(request: ChangesRequest): ChangesPage | undefined | Promise<ChangesPage | undefined>
}

/** For those who copy a partition; see replica/history.ts. */
export interface PartitionHistory {
  rows(after: Buffer | undefined): HistoryPage | Promise<HistoryPage>
  entries(after: Position, maxBytes: number): Promise<LoggedEntry[]>
  settled(time: number): Promise<Position>
  retain(holder: string, after?: Position): Position | Promise<Position>
  release(holder: string): void | Promise<void>
}

/** A leader's part in transactions; partition/transaction.ts says what it is for. Errors: NotLeading, of them all. */
export interface TransactionLeader {
  /** Holds the items of a participant, if all actions can be done. */
  prepare(request: PrepareRequest): Promise<Vote>
  /** Asks a home what its actions would come to. */
  check(request: CheckRequest): Promise<CheckAnswer>
  /** Has a home decide. */
  commit(request: CommitRequest): Promise<CommitAnswer>
  /** Tells a participant the outcome; resolves when it is applied, or was before. */
  resolve(held: Held, ending: Ending): Promise<void>
  /** Tells a home that no commit will come. */
  abandon(transaction: string): void | Promise<void>
  /** What a home knows of a client token; undefined for nothing. */
  token(token: Token): TokenState | undefined | Promise<TokenState | undefined>
  /** Asks a home for the outcome, as a participant does; what is not committed by then never will be, unless it is running. */
  outcome(transaction: string, participant: Participant): Promise<Ending | 'running'>
  /** The rows of one moment; see replica/watches.ts. */
  read(keys: Buffer[], watch: boolean): ReadAnswer | Promise<ReadAnswer>
  changed(watch: string, keys: Buffer[]): number[] | Promise<number[]>
}

export interface Leaders {
  find(partition: string): PartitionLeader | undefined
  /** The nearest replica; undefined if it is the leader, or not known. */
  reader?(partition: string): PartitionReader | undefined
  /** Whoever was asked does not lead; `node` does, as far as that one knows. */
  hint?(partition: string, node: string | undefined): void
}

/** A replica, for reads that need not be the latest. Errors: NotLeading, while it can't tell. */
export type PartitionReader = Pick<PartitionLeader, 'get' | 'range'>

/** The leader of an index's partition, as seen by those who feed it. */
export type IndexLeader = {
  feed(source: string, position: number, rows: FeedRow[]): Promise<void>
  consumed(source: string): number | Promise<number>
}

/** All that anybody may ask of a partition's leader. */
export type WholeLeader = PartitionLeader & IndexLeader & PeerLeader

/** Feeds go to the leaders that `find` knows. */
export function indexPartitions(find: (partition: string) => IndexLeader | undefined): IndexPartitions {
  return {
    consumed: async (partition, source) => leading(find, partition).consumed(source),
    feed: async (partition, source, position, rows) => leading(find, partition).feed(source, position, rows),
  }
}

/** The leader of a partition, as seen by those who share a transaction with it. */
export type PeerLeader = {
  transactions: Pick<TransactionLeader, 'outcome' | 'token'> & {
    holds(prepares: Held[]): boolean[] | Promise<boolean[]>
  }
}

/** `exists`: false once a partition is gone for good. */
export function peers(
  find: (partition: string) => PeerLeader | undefined,
  exists: (partition: string) => Promise<boolean>,
): Peers {
  return {
    async outcome(home, transaction, participant) {
      if (!find(home) && !(await exists(home))) return 'aborted'
      return leading(find, home).transactions.outcome(transaction, participant)
    },
    async holds(partition, prepares) {
      if (!find(partition) && !(await exists(partition))) return prepares.map(() => false)
      return leading(find, partition).transactions.holds(prepares)
    },
    async token(home, token) {
      if (!find(home) && !(await exists(home))) return undefined
      return leading(find, home).transactions.token(token)
    },
  }
}

function leading<L>(find: (partition: string) => L | undefined, partition: string): L {
  const leader = find(partition)
  if (!leader) throw new NotLeading(`partition ${partition} has no leader yet`)
  return leader
}
