/** What a replica of a partition rests on. */
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Tracer } from '../base/tracer.ts'
import type { LogStore, Position } from '../log/log.ts'
import type { Checkpointer } from '../store/checkpointer.ts'
import type { OpenStore } from '../store/store.ts'
import type { IndexPartitions } from './feed.ts'
import type { Peers } from './peers.ts'

export type ReplicaPorts = {
  node: string
  logs: LogStore
  checkpointer: Checkpointer
  /** Opens the partition's file; `new Store`, as a rule. */
  openStore?: OpenStore
  indexes: IndexPartitions
  peers: Peers
  clock: Clock
  tracer: Tracer
  logger: Logger
}

export type ReplicaOptions = {
  /** Of the entries applied last, so many bytes are kept to mend the log with; 0 where the log is this node's own. */
  tailBytes?: number
  /** Up to which entry the other replicas have the log durably; all of it if there are none. */
  followers?: () => Position
}
