/** What may be asked of a partition in another process: how question and answer travel, and what is called there. */
import type { WholeLeader } from '../cluster/leaders.ts'
import type { FrameReader, FrameWriter } from './frames.ts'

export type Method<A, R> = {
  /** On the wire; not to be given another meaning. */
  name: string
  /**
   * It may be asked twice: a question without an answer fails as if it had never been asked. The others, Interrupted, may have
   * been done.
   */
  repeatable: boolean
  ask: Codec<A>
  answer: Codec<R>
  call(partition: WholeLeader, question: A): R | Promise<R>
}

export type Codec<T> = { write(out: FrameWriter, value: T): void; read(fields: FrameReader): T }

/** A method that may be asked twice. */
export function method<A, R>(name: string, ask: Codec<A>, answer: Codec<R>, call: Method<A, R>['call']): Method<A, R> {
  return { name, repeatable: true, ask, answer, call }
}

/** The same, of one that must not be. */
export function onceOnly<A, R>(
  name: string,
  ask: Codec<A>,
  answer: Codec<R>,
  call: Method<A, R>['call'],
): Method<A, R> {
  return { name, repeatable: false, ask, answer, call }
}
