/**
 * Appends on their way to a stream, one at a time: an expected sequence fences only what is sent after the one before was
 * acknowledged. Of several sent at once the first might be refused, because another process took its place, and the second
 * then find just the sequence it expects.
 *
 * One whose answer is lost is sent again with the same expectation, so that it can take its place once only; if its place
 * is taken, what lies there tells whose it is.
 */
import { type Clock, sleep } from '../../base/clock.ts'
import { LogUnavailable, type Position, PositionConflict } from '../log.ts'

/** What became of one try. `taken`: something lies at the position, or beyond it. */
export type Outcome = { kind: 'stored' } | { kind: 'taken' } | { kind: 'unknown'; reason: string; final?: boolean }

export type Transport = {
  /** Tries to store the entry at its position, and nowhere else. Never rejects, and never takes long. */
  send(position: Position, bytes: Uint8Array): Promise<Outcome>
  /** What the stream holds at the position; undefined if that can't be learnt. Never rejects. */
  stored(position: Position): Promise<Uint8Array | undefined>
}

type Append = { position: Position; bytes: Uint8Array; resolve: () => void; reject: (error: Error) => void }

/** How long an append is tried: the election of a stream's leader takes nats-server up to ten seconds. */
const PATIENCE_MS = 20_000
const RETRY_MS = 50

export class Appender {
  readonly #transport: Transport
  readonly #clock: Clock
  #queue: Append[] = []
  #working: Promise<void> | undefined
  #stopped: LogUnavailable | undefined

  constructor(transport: Transport, clock: Clock) {
    this.#transport = transport
    this.#clock = clock
  }

  /** Whether appends are under way. */
  get isBusy(): boolean {
    return this.#working !== undefined
  }

  /** The caller sees to it that positions follow one another. If one fails, so do those behind it. */
  append(position: Position, bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ position, bytes, resolve, reject })
      this.#working ??= this.#work()
    })
  }

  /** Resolves when what was on its way is settled; what waits for something that does not come fails with `error`. */
  async stop(error: LogUnavailable): Promise<void> {
    this.#stopped = error
    await this.#working
  }

  async #work(): Promise<void> {
    for (let append = this.#queue.shift(); append; append = this.#queue.shift()) {
      try {
        await this.#store(append)
        append.resolve()
      } catch (error) {
        for (const { reject } of [append, ...this.#queue.splice(0)]) reject(error as Error)
      }
    }
    this.#working = undefined
  }

  /** Errors: PositionConflict, LogUnavailable. */
  async #store({ position, bytes }: Append): Promise<void> {
    const patience = this.#clock.monotonic() + PATIENCE_MS
    while (true) {
      const outcome = await this.#try(position, bytes)
      if (outcome.kind === 'stored') return
      if (outcome.kind === 'taken') throw new PositionConflict(`position ${position} was taken by another process`)
      if (outcome.final || this.#stopped || this.#clock.monotonic() > patience)
        throw this.#stopped ?? new LogUnavailable(outcome.reason)
      await sleep(this.#clock, RETRY_MS)
    }
  }

  async #try(position: Position, bytes: Uint8Array): Promise<Outcome> {
    const outcome = await this.#transport.send(position, bytes)
    if (outcome.kind !== 'taken') return outcome
    const stored = await this.#transport.stored(position)
    if (!stored) return { kind: 'unknown', reason: `what lies at position ${position} can't be read` }
    return Buffer.compare(stored, bytes) === 0 ? { kind: 'stored' } : outcome
  }
}
