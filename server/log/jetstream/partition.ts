/** One partition's log: a stream of its own, whose sequence numbers are the positions. */
import type { Clock } from '../../base/clock.ts'
import { type Extent, KnownLog } from '../known.ts'
import { type LoggedEntry, LogUnavailable, type PartitionLog, type Position, PositionConflict } from '../log.ts'
import { Appender } from './appender.ts'
import type { JetStream } from './connection.ts'

/** No append expects it. */
const NOWHERE = -1
/** How long a stream is given to come to what was applied of it: its servers may be about to catch up. */
const CATCH_UP_MS = 5000
const RETRY_MS = 50
/** How often an entry is asked for that must be there. */
const TRIES = 40

export class JetStreamLog implements PartitionLog {
  readonly depth = 1
  readonly known: KnownLog
  readonly #jetstream: JetStream
  readonly #stream: string
  readonly #appender: Appender
  readonly #durable: () => void
  /** Position of the last append, durable or on its way; moved by `refresh` and by appends from here, never by others'. */
  #tail: Position = NOWHERE

  /** `durable` is told when appends from here have moved the log's end. */
  constructor(jetstream: JetStream, stream: string, subject: string, clock: Clock, durable: () => void) {
    this.#jetstream = jetstream
    this.#stream = stream
    // The last entry stays: where a stream ends is on its servers' disks for sure in that alone. One that is empty, and loses power
    // on all of them, is never led again.
    this.known = new KnownLog(upTo => jetstream.purge(stream, Math.min(upTo + 1, this.known.end)))
    const transport = {
      send: (position: Position, bytes: Uint8Array) => jetstream.send(subject, position, bytes),
      stored: (position: Position) => jetstream.entry(stream, position),
    }
    this.#appender = new Appender(transport, clock)
    this.#durable = durable
  }

  end(): Position {
    return this.known.end
  }

  start(): Position {
    return this.known.first
  }

  async append(bytes: Uint8Array, expected: Position): Promise<void> {
    if (this.known.over) throw this.known.over
    if (expected !== this.#tail)
      throw new PositionConflict(`${this.#stream}: expected ${expected}, the log ends at ${this.known.end}`)
    const position = ++this.#tail
    try {
      await this.#appender.append(position, bytes)
    } catch (error) {
      // What comes must expect what `refresh` finds.
      this.#tail = NOWHERE
      throw error
    }
    this.known.appended(position, bytes.length)
    this.#durable()
  }

  async read(after: Position, maxBytes: number): Promise<LoggedEntry[]> {
    const found: LoggedEntry[] = []
    let bytes = 0
    let next = Math.max(after + 1, this.known.first)
    while (bytes < maxBytes && next <= this.known.end) {
      for (const entry of await this.#page(next, maxBytes - bytes)) {
        if (bytes >= maxBytes) break
        found.push(entry)
        bytes += entry.bytes.length
        next = entry.position + 1
        // It may be newer than what the last look, or word, told of.
        this.known.appended(entry.position, entry.bytes.length)
      }
    }
    return found
  }

  trim(upTo: Position): void {
    this.known.trim(upTo)
  }

  async refresh(): Promise<void> {
    if (this.known.over) throw this.known.over
    await this.look()
    // What is under way has its place behind what it expects; if that is wrong, the stream says so.
    if (!this.#appender.isBusy) this.#tail = this.known.end
  }

  resume(end: Position): boolean {
    if (this.known.over || this.#appender.isBusy) return false
    this.known.reaches(end)
    if (this.known.end !== end) return false
    this.#tail = end
    return true
  }

  async wait(after: Position, signal?: AbortSignal): Promise<void> {
    await this.known.waiters.wait(after, this.known.end, signal)
  }

  /** Learns where the log begins and ends; waits a little for one that does not come to `least`. Errors: LogUnavailable. */
  async look(least: Position = 0): Promise<void> {
    await this.known.find(() => this.#extent(least))
  }

  async #extent(least: Position): Promise<Extent> {
    const patience = performance.now() + CATCH_UP_MS
    while (true) {
      const state = await this.#jetstream.state(this.#stream)
      if (!state) throw new LogUnavailable(`there is no stream ${this.#stream}`)
      const { messages, first_seq, last_seq } = state
      if (last_seq >= least || performance.now() > patience)
        return { first: messages === 0 ? last_seq + 1 : first_seq, end: last_seq }
      await new Promise(resolve => setTimeout(resolve, RETRY_MS))
    }
  }

  /** Resolves when what is under way has succeeded or failed. */
  async close(reason: string): Promise<void> {
    this.known.finish(reason)
    await this.#appender.stop(new LogUnavailable(reason))
  }

  /** At least one entry. Errors: LogUnavailable. */
  async #page(first: Position, maxBytes: number): Promise<LoggedEntry[]> {
    for (let tries = 0; tries < TRIES; tries++) {
      const page = await this.#jetstream.page(this.#stream, first, maxBytes)
      if (page.length > 0) return page
      // A server that lags behind has not got it yet; the stream's leader has.
      const bytes = await this.#jetstream.entry(this.#stream, first)
      if (bytes) return [{ position: first, bytes }]
      await new Promise(resolve => setTimeout(resolve, RETRY_MS))
    }
    throw new LogUnavailable(`${this.#stream}: entry ${first} is not there`)
  }
}
