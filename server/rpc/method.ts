/** What may be asked of another process: how question and answer travel, and what is called there. */
import type { PartitionReader, WholeLeader } from '../cluster/leaders.ts'
import type { ReplicaReport } from '../cluster/report.ts'
import type { Position } from '../log/log.ts'
import type { DigestAnswer, DigestQuestion, Finding } from '../replica/digest.ts'
import { NotLeading } from '../replica/pipeline.ts'
import type { Standing, Succession } from '../replica/standing.ts'
import type { FrameReader, FrameWriter } from './frames.ts'
import type { Sendings } from './sendings.ts'

export type Method<A, R> = {
  /** On the wire; not to be given another meaning. */
  name: string
  /**
   * It may be asked twice: a question without an answer fails as if it had never been asked. The others, Interrupted, may have
   * been done.
   */
  repeatable: boolean
  /** It is asked of the partition's leader. */
  isLeaders?: boolean
  ask: Codec<A>
  answer: Codec<R>
  call(there: Answering, partition: string, question: A): R | Promise<R>
}

export type Codec<T> = { write(out: FrameWriter, value: T): void; read(fields: FrameReader): T }

/** What a storage node is asked for; cluster/host.ts has it. */
export interface StorageNode {
  leader(partition: string): WholeLeader | undefined
  replica(partition: string): PartitionReader | undefined
  standings(partitions: string[]): Map<string, Standing>
  report(): ReplicaReport[]
  snapshot(partition: string): AsyncIterable<Uint8Array>
  /** See Replica's `chainAt`. */
  chain(partition: string, position: Position): string | undefined
  digest(partition: string, question: DigestQuestion): Promise<DigestAnswer>
  distrust(partition: string, finding: Finding): Promise<void>
  expect(partition: string): void
  succeed(partition: string, succession: Succession): Promise<void>
  /** Who leads what was led here, or does in a moment and has those who ask wait. */
  successor(partition: string): Promise<string | undefined> | undefined
  /** Resolves once this node leads what it is being given, or does not. */
  arrival(partition: string): Promise<void> | undefined
}

/** The side that answers. */
export type Answering = { node: StorageNode; sendings: Sendings }

type OfLeader<A, R> = (leader: WholeLeader, question: A) => R | Promise<R>

/** A method of a partition's leader that may be asked twice. */
export function method<A, R>(name: string, ask: Codec<A>, answer: Codec<R>, call: OfLeader<A, R>): Method<A, R> {
  return {
    name,
    repeatable: true,
    isLeaders: true,
    ask,
    answer,
    call({ node }, partition, question) {
      const leader = node.leader(partition)
      if (!leader) throw new NotLeading(`partition ${partition} is not led here`)
      return call(leader, question)
    },
  }
}

/** The same, of one that must not be. */
export function onceOnly<A, R>(name: string, ask: Codec<A>, answer: Codec<R>, call: OfLeader<A, R>): Method<A, R> {
  return { ...method(name, ask, answer, call), repeatable: false }
}
