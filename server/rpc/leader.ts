/** A partition in another process: its leader, or a replica. */
import type { PartitionReader, WholeLeader } from '../cluster/leaders.ts'
import type { Position } from '../log/log.ts'
import type { ChangesRequest, RangeRequest, WriteCommand } from '../partition/command.ts'
import type {
  CheckRequest,
  CommitRequest,
  Ending,
  Participant,
  PrepareRequest,
  Token,
} from '../partition/transaction.ts'
import type { FeedRow } from '../replica/feed.ts'
import type { Held } from '../replica/peers.ts'
import type { Asker } from './client.ts'
import type { Method } from './method.ts'
import * as changes from './methods/changes.ts'
import * as feeds from './methods/feeds.ts'
import * as history from './methods/history.ts'
import * as items from './methods/items.ts'
import * as replicas from './methods/replicas.ts'
import * as transactions from './methods/transactions.ts'

/** Errors, of all its methods: those of a leader here; ThrottlingException; NotLeading and Interrupted, see Connection. */
export function remoteLeader(client: Asker, address: string, partition: string): WholeLeader {
  const ask = <A, R>(method: Method<A, R>, question: A) => client.ask(address, method, partition, question)
  return {
    get: (key: Buffer) => ask(items.get, key),
    range: (request: RangeRequest) => ask(items.range, request),
    write: (command: WriteCommand) => ask(items.write, command),
    statistics: () => ask(items.statistics, undefined),
    fed: (index: string) => ask(items.fed, index),
    feed: (source: string, position: number, rows: FeedRow[]) => ask(feeds.feed, { source, position, rows }),
    consumed: (source: string) => ask(feeds.consumed, source),
    changes: {
      shard: (label: string) => ask(changes.shard, label),
      read: (request: ChangesRequest) => ask(changes.read, request),
    },
    history: {
      rows: (after: Buffer | undefined) => ask(history.rows, after),
      entries: (after: Position, maxBytes: number) => ask(history.entries, { after, maxBytes }),
      settled: (time: number) => ask(history.settled, time),
      retain: (holder: string, after?: Position) => ask(history.retain, { holder, after }),
      release: (holder: string) => ask(history.release, holder),
    },
    transactions: {
      prepare: (request: PrepareRequest) => ask(transactions.prepare, request),
      check: (request: CheckRequest) => ask(transactions.check, request),
      commit: (request: CommitRequest) => ask(transactions.commit, request),
      resolve: (held: Held, ending: Ending) => ask(transactions.resolve, { held, ending }),
      abandon: (transaction: string) => ask(transactions.abandon, transaction),
      token: (token: Token) => ask(transactions.token, token),
      outcome: (transaction: string, participant: Participant) =>
        ask(transactions.outcome, { transaction, participant }),
      read: (keys: Buffer[], watch: boolean) => ask(transactions.read, { keys, watch }),
      changed: (watch: string, keys: Buffer[]) => ask(transactions.changed, { watch, keys }),
      holds: (prepares: Held[]) => ask(transactions.holds, prepares),
    },
  }
}

/** Errors: NotLeading, if it is not there, or can't be reached. */
export function remoteReader(client: Asker, address: string, partition: string): PartitionReader {
  return {
    get: key => client.ask(address, replicas.replicaGet, partition, key),
    range: request => client.ask(address, replicas.replicaRange, partition, request),
  }
}
