/**
 * The leader's write path: evaluate at once, gather what a turn of the event loop brings into one entry, answer when it is
 * applied. INV-R3: no answer, not even a refusal, rests on a row that is not durable yet.
 */
import type { Clock } from '../base/clock.ts'
import type { Tracer } from '../base/tracer.ts'
import { dynamo } from '../model/errors.ts'
import type { WriteCommand, WriteOutcome } from '../partition/command.ts'
import type { Effect } from '../partition/entry.ts'
import { type CurrentRow, type Evaluation, evaluate } from '../partition/evaluate.ts'
import type { StoreReader } from '../store/reader.ts'
import type { Image } from '../store/rows.ts'
import type { Applier } from './applier.ts'
import { PendingRows } from './pending.ts'
import type { Pipeline } from './pipeline.ts'
import { BatchTrace } from './trace.ts'

/** Entries on their way to the log at once. More would only make smaller entries. */
const DEPTH = 4
/** An entry closes at about this many bytes of images. */
const BATCH_BYTES = 512 * 1024
/** Beyond this many bytes waiting for the log, writes are throttled. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024

const OVERLOADED =
  'Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or index so please try again shortly. If exceptions persist, check if you have a hot key: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html.'

type Batch = {
  number: number
  effects: Effect[]
  bytes: number
  /** Of the traced writes among them. */
  trace?: BatchTrace
  /** Called when the batch is applied (no error), or can't be. */
  settle: ((error?: Error) => void)[]
}

export class Writes {
  readonly #applier: Applier
  readonly #reader: StoreReader
  readonly #pipeline: Pipeline
  readonly #clock: Clock
  readonly #tracer: Tracer
  readonly #pending = new PendingRows()
  readonly #batches = new Map<number, Batch>()
  /** Closed or filling, not yet proposed; the last one fills. */
  #queue: Batch[] = []
  #nextBatch = 1
  #waitingBytes = 0
  #scheduled = false

  constructor(applier: Applier, reader: StoreReader, pipeline: Pipeline, clock: Clock, tracer: Tracer) {
    this.#applier = applier
    this.#reader = reader
    this.#pipeline = pipeline
    this.#clock = clock
    this.#tracer = tracer
  }

  /** Bytes that are not in the log yet. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /** Errors: DynamoError from the evaluation, ThrottlingException; NotLeading. */
  write(command: WriteCommand): Promise<WriteOutcome> {
    if (this.#waitingBytes > MAX_WAITING_BYTES) return Promise.reject(dynamo('ThrottlingException', OVERLOADED))
    const span = this.#tracer.current()
    const evaluating = span?.child('evaluate')
    const before = this.#pending.get(command.key)
    let evaluation: Evaluation
    try {
      evaluation = evaluate(this.#applier.schema!.table, command, this.#current(command.key, before))
      evaluating?.end()
    } catch (error) {
      evaluating?.end()
      return this.#after(before?.batch, () => {
        throw error
      })
    }
    const { effect, outcome } = evaluation
    if (!effect) return this.#after(before?.batch, () => outcome)
    const batch = this.#fillingBatch()
    this.#pending.set(command.key, effect.image, batch.number)
    batch.effects.push(effect)
    if (span) (batch.trace ??= new BatchTrace()).join(span)
    this.#count(batch, effect)
    this.#schedule()
    return this.#after(batch.number, () => outcome)
  }

  /** The image of a row as the next evaluation would see it; `applied` is what the store holds. */
  latest(key: Buffer, applied: Image): Image | undefined {
    const pending = this.#pending.get(key)
    return pending ? pending.image : applied
  }

  /** Resolves once every write evaluated so far is applied. Errors: NotLeading. */
  drained(): Promise<void> {
    return this.#after(Math.max(0, ...this.#batches.keys()), () => {})
  }

  /**
   * Proposes all that is evaluated: what `latest` shows then comes before whatever is proposed next, and is lost only
   * together with it.
   */
  proposeAll(): void {
    this.#flush(Number.POSITIVE_INFINITY)
  }

  #current(key: Buffer, pending: { image: Image | undefined } | undefined): CurrentRow {
    if (pending) return { size: () => pending.image?.size, image: () => pending.image }
    return { size: () => this.#reader.sizeOf(key), image: () => this.#reader.get(key) }
  }

  /** `answer` once the batch is applied; at once when it is, or when there is none. */
  #after<T>(number: number | undefined, answer: () => T): Promise<T> {
    const batch = number === undefined ? undefined : this.#batches.get(number)
    return new Promise((resolve, reject) => {
      const settle = (error?: Error) => {
        if (error) return reject(error)
        try {
          resolve(answer())
        } catch (refusal) {
          reject(refusal)
        }
      }
      if (batch) batch.settle.push(settle)
      else settle()
    })
  }

  #fillingBatch(): Batch {
    const last = this.#queue.at(-1)
    if (last && last.bytes < BATCH_BYTES) return last
    const batch: Batch = { number: this.#nextBatch++, effects: [], bytes: 0, settle: [] }
    this.#batches.set(batch.number, batch)
    this.#queue.push(batch)
    return batch
  }

  #count(batch: Batch, effect: Effect): void {
    const bytes = (effect.image?.json.length ?? 0) + 100
    batch.bytes += bytes
    this.#waitingBytes += bytes
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#clock.soon(() => {
      this.#scheduled = false
      this.#flush()
    })
  }

  #flush(depth = DEPTH): void {
    while (this.#queue.length > 0 && this.#pipeline.flying < depth) {
      const batch = this.#queue.shift()!
      const body = { kind: 'write' as const, time: this.#clock.now(), effects: batch.effects }
      this.#pipeline.propose(body, batch.trace).then(
        () => this.#settle(batch),
        error => this.#fail(batch, error),
      )
    }
  }

  #settle(batch: Batch): void {
    this.#finish(batch)
    for (const settle of batch.settle) settle()
    if (this.#queue.length > 0) this.#schedule()
  }

  #fail(batch: Batch, error: Error): void {
    this.#finish(batch)
    for (const settle of batch.settle) settle(error)
    // The pipeline is broken for good; what waits behind fails the same way.
    if (this.#queue.length > 0) this.#flush()
  }

  #finish(batch: Batch): void {
    this.#pending.release(
      batch.effects.map(effect => effect.key as Buffer),
      batch.number,
    )
    this.#batches.delete(batch.number)
    this.#waitingBytes -= batch.bytes
  }
}
