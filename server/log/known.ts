/** What a process knows of a log that lies elsewhere: where it begins and ends, and who waits for it to grow. */
import { LogUnavailable, type Position } from './log.ts'
import { Sizes } from './sizes.ts'
import { Waiters } from './waiters.ts'

const TRIM_RETRY_MS = 1000

export type Extent = { first: Position; end: Position }

export class KnownLog {
  readonly sizes = new Sizes()
  readonly waiters = new Waiters()
  readonly #purge: (upTo: Position) => Promise<void>
  /** What was heard of since each question that is under way was asked. */
  readonly #asking = new Set<{ end: Position }>()
  #first: Position = 1
  #end: Position = 0
  #trimmed: Position = 0
  #trimming: Promise<void> | undefined
  #over: LogUnavailable | undefined

  /** `purge` deletes the entries up to and including a position. */
  constructor(purge: (upTo: Position) => Promise<void>) {
    this.#purge = purge
  }

  get first(): Position {
    return this.#first
  }

  get end(): Position {
    return this.#end
  }

  /** Why it takes nothing any more, once it does not. */
  get over(): LogUnavailable | undefined {
    return this.#over
  }

  /** Has the log itself say where it begins and ends. An end that is heard of meanwhile may be newer than the answer. */
  async find<E extends Extent>(ask: () => Promise<E>): Promise<E> {
    const heard = { end: 0 }
    this.#asking.add(heard)
    try {
      const extent = await ask()
      this.found(extent.first, Math.max(extent.end, heard.end))
      return extent
    } finally {
      this.#asking.delete(heard)
    }
  }

  /** The log itself says where it begins and ends. */
  found(first: Position, end: Position): void {
    this.#end = end
    this.#first = Math.max(first, Math.min(this.#trimmed, end) + 1)
    this.sizes.trim(this.#first - 1)
    this.waiters.wake(end)
  }

  /** An entry is durable. */
  appended(position: Position, size: number): void {
    this.sizes.set(position, size)
    this.reaches(position)
  }

  /** The log is known to reach to `end`, at least. */
  reaches(end: Position): void {
    for (const heard of this.#asking) heard.end = Math.max(heard.end, end)
    if (end <= this.#end) return
    this.#end = end
    this.waiters.wake(end)
  }

  /** See `PartitionLog.trim`: forgotten here at once, deleted there as soon as that can be done. */
  trim(upTo: Position): void {
    const last = Math.min(upTo, this.#end)
    if (last < this.#first) return
    this.#first = last + 1
    this.#trimmed = last
    this.sizes.trim(last)
    this.#trimming ??= this.#deleteTrimmed().finally(() => (this.#trimming = undefined))
  }

  /** Nothing more comes of this log here. */
  finish(reason: string): void {
    this.#over ??= new LogUnavailable(reason)
    this.waiters.end(this.#over)
  }

  /** One at a time: of many that are asked for meanwhile, the last says it all. */
  async #deleteTrimmed(): Promise<void> {
    for (let done = 0; done < this.#trimmed && !this.#over; ) {
      const upTo = this.#trimmed
      const isDone = await this.#purge(upTo).then(
        () => true,
        () => false,
      )
      if (isDone) done = upTo
      else await new Promise(resolve => setTimeout(resolve, TRIM_RETRY_MS).unref())
    }
  }
}
