/** What storage nodes tell each other about the partitions they share. */
import type { Position } from '../log/log.ts'
import type { DigestAnswer, DigestQuestion, Finding } from './digest.ts'

/** How far a replica is. */
export type Standing = {
  /** The last entry applied. */
  applied: Position
  /** The last entry that its file holds durably: it does not need the log up to here. */
  durable: Position
  /** It has stopped: it takes part in nothing, but what it has applied may be nowhere else. */
  isStopped?: boolean
}

/** What a replica has applied: the last entry, and its hash, in which all before it are. */
export type AppliedEnd = { position: Position; chain: string }

/** An entry as storage nodes tell it to each other, in base64. */
export type ToldEntry = { position: Position; bytes: string }

/** The leadership of an epoch is given away: what was applied when its leader stepped down. */
export type Succession = {
  epoch: number
  applied: AppliedEnd
  /** The last entries of that: who lacks no more need not read the log. */
  entries?: ToldEntry[]
  /** Of the leader key, unless it has changed since. */
  version?: number
}

/** The other storage nodes, by name. */
export interface Neighbours {
  /** How far the node is with each of the partitions, by id; those it does not hold are missing. Errors: any, while it can't be reached. */
  standings(node: string, partitions: string[]): Promise<Map<string, Standing>>
  /**
   * The node's file of a partition, as of one entry, and then the file's SHA-256 (see cluster/host/snapshots.ts).
   * Errors: any, also midway.
   */
  snapshot(node: string, partition: string): AsyncIterable<Uint8Array>
  /** The hash of an entry as the node has applied it; undefined if it can't tell. Errors: any, while it can't be reached. */
  chain(node: string, partition: string, position: Position): Promise<string | undefined>
  /** The same of part of its rows. Errors: any, also that they can't be read. */
  digest(node: string, partition: string, question: DigestQuestion): Promise<DigestAnswer>
  /** Tells the node that its replica is not like the others. Resolves once it has stopped. Errors: any, while it can't be reached. */
  distrust(node: string, partition: string, finding: Finding): Promise<void>
  /** Tells the node that it is to lead the partition in a moment: who asks it for that waits. Errors: any, if it will not. */
  expect(node: string, partition: string): Promise<void>
  /** Has the node lead the partition; resolves once it does. Errors: any, if it does not. */
  succeed(node: string, partition: string, succession: Succession): Promise<void>
}

/** For a node that shares nothing. */
export const noNeighbours: Neighbours = {
  standings: async () => new Map(),
  snapshot: node => {
    throw new Error(`there is no node ${node}`)
  },
  chain: async () => undefined,
  digest: async node => {
    throw new Error(`there is no node ${node}`)
  },
  distrust: async node => {
    throw new Error(`there is no node ${node}`)
  },
  expect: async node => {
    throw new Error(`there is no node ${node}`)
  },
  succeed: async node => {
    throw new Error(`there is no node ${node}`)
  },
}
