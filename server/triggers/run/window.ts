/** A lane's tumbling window: the records of some seconds, with a state that goes from invocation to invocation. */
import type { Delivered, WindowPart } from '../event.ts'
import type { OpenWindow } from '../records.ts'
import type { Invoking, StateReply } from './invoking.ts'

const SECOND_MS = 1000
/** A window ends so long after its time is over: what was written within it may take a moment to be seen. */
const GRACE_MS = 1000

export type WindowSource = { seconds: number; shard: string; streamArn: string }

export class TumblingWindow {
  readonly #source: WindowSource
  #open: OpenWindow | undefined

  constructor(source: WindowSource, open: OpenWindow | undefined) {
    this.#source = source
    this.#open = open
  }

  /** Undefined while none has begun. */
  get open(): OpenWindow | undefined {
    return this.#open
  }

  /** The start of the window that a change at `time` belongs to. */
  readonly startOf = (time: number): number => {
    const length = this.#source.seconds * SECOND_MS
    return Math.floor(time / length) * length
  }

  /** Whether the open window is over: by a record of a later one, or, if there is none, by the clock. */
  isOver(next: Delivered | undefined, now: number): boolean {
    if (!this.#open) return false
    const { start } = this.#open
    if (next) return this.startOf(next.time) > start
    return now > start + this.#source.seconds * SECOND_MS + GRACE_MS
  }

  /** An invocation in the window, which begins with it if none is open. What comes late counts for the one that is. */
  async invoke(records: Delivered[], invoking: Invoking): Promise<StateReply> {
    this.#open ??= { start: this.startOf(records[0]!.time), state: '{}' }
    const reply = await invoking.invoke(records, this.#part(this.#open, false, false))
    if (reply.kind === 'answered' && reply.state !== undefined && !reply.isStateTooLarge) this.#open.state = reply.state
    return reply
  }

  /** The last invocation, which has no records. */
  end(invoking: Invoking, isTerminatedEarly: boolean): Promise<StateReply> {
    return invoking.invoke([], this.#part(this.#open!, true, isTerminatedEarly))
  }

  drop(): void {
    this.#open = undefined
  }

  #part({ start, state }: OpenWindow, isFinal: boolean, isTerminatedEarly: boolean): WindowPart {
    const { seconds, shard, streamArn } = this.#source
    return { start, end: start + seconds * SECOND_MS, state, shard, streamArn, isFinal, isTerminatedEarly }
  }
}
