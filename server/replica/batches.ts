/**
 * What is evaluated and not yet applied: gathered into one entry per turn of the event loop, proposed, and answered when it
 * is applied. INV-R3: no answer, not even a refusal, rests on a row that is not durable yet.
 */
import type { Clock } from '../base/clock.ts'
import type { Span } from '../base/tracer.ts'
import type { TableSchema } from '../model/schema.ts'
import type { Effect } from '../partition/entry.ts'
import type { CurrentRow } from '../partition/evaluate.ts'
import type { PartitionSchema } from '../partition/schema.ts'
import { type Step, stepBytes } from '../partition/steps.ts'
import type { StoreReader } from '../store/reader.ts'
import type { Image } from '../store/rows.ts'
import { Origins } from './origins.ts'
import { type PendingRow, PendingRows } from './pending.ts'
import { NotLeading, type Pipeline } from './pipeline.ts'
import type { Tenure } from './tenure.ts'
import { BatchTrace } from './trace.ts'

/** An entry closes at about this many bytes of images. */
const BATCH_BYTES = 512 * 1024
/** Beyond this many bytes waiting for the log, writes are throttled. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024

type Batch = {
  number: number
  effects: Effect[]
  steps: Step[]
  bytes: number
  /** Of the traced writes among them. */
  trace?: BatchTrace
  /** Called when the batch is applied (no error), or can't be. */
  settle: ((error?: Error) => void)[]
}

export class Batches {
  readonly origins = new Origins()
  readonly #reader: StoreReader
  readonly #pipeline: Pipeline
  readonly #clock: Clock
  readonly #tenure: Tenure
  readonly #pending = new PendingRows()
  readonly #batches = new Map<number, Batch>()
  /** Closed or filling, not yet proposed; the last one fills. */
  #queue: Batch[] = []
  #schema: PartitionSchema | undefined
  #nextBatch = 1
  #waitingBytes = 0
  #scheduled = false
  #closed = false
  /** Why no change may begin here; undefined if it may. */
  #reason: string | undefined

  /** `schema`: the one that is applied. */
  constructor(
    reader: StoreReader,
    pipeline: Pipeline,
    clock: Clock,
    tenure: Tenure,
    schema: PartitionSchema | undefined,
  ) {
    this.#schema = schema
    this.#reason = reasonOf(schema)
    this.#reader = reader
    this.#pipeline = pipeline
    this.#clock = clock
    this.#tenure = tenure
  }

  /** What writes are evaluated by: the last schema proposed, applied or not, for they come after it in the log. */
  get table(): TableSchema {
    return this.#schema!.table
  }

  /** 0 if there is none yet. */
  get schemaVersion(): number {
    return this.#schema?.version ?? 0
  }

  /** Whether a schema that seals was proposed. */
  get isSealed(): boolean {
    return this.#schema?.sealed === true
  }

  /**
   * Proposes a schema. Whatever was evaluated by the one before is proposed first, so that a stream, and whatever else
   * begins or ends with a schema, begins and ends at one point of the log. Resolves once it is applied. Errors: NotLeading.
   */
  async adopt(schema: PartitionSchema): Promise<void> {
    this.proposeAll()
    this.#schema = schema
    if (!this.#closed) this.#reason = reasonOf(schema)
    await this.#pipeline.propose({ kind: 'schema', schema, time: this.#clock.now() })
  }

  /** Bytes that are not in the log yet. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /** Whether more waits for the log than it can take for now. */
  get isFull(): boolean {
    return this.#waitingBytes > MAX_WAITING_BYTES
  }

  /** Takes nothing any more: what is added from now on is refused, and so is what was not proposed yet. Nothing of it is done. */
  close(): void {
    this.#closed = true
    this.#reason = 'the partition is being handed over'
    for (const batch of this.#queue.splice(0)) this.#fail(batch, this.refusal()!)
  }

  /** Until `resume`, or the next schema, no change may begin. What was begun goes on. */
  suspend(): void {
    this.#reason = 'other partitions are taking over'
  }

  resume(): void {
    if (!this.#closed) this.#reason = reasonOf(this.#schema)
  }

  /** What whoever would begin a change is told, before anything of it is done; undefined if they may. */
  refusal(): NotLeading | undefined {
    return this.#reason === undefined ? undefined : new NotLeading(this.#reason)
  }

  /** The row as the last of what is evaluated leaves it; undefined if nothing under way changes it. */
  pending(key: Buffer): PendingRow | undefined {
    return this.#pending.get(key)
  }

  /** The row that an evaluation meets; `pending` is what `pending(key)` says. */
  current(key: Buffer, pending: PendingRow | undefined): CurrentRow {
    if (pending) return { size: () => pending.image?.size, image: () => pending.image }
    return { size: () => this.#reader.sizeOf(key), image: () => this.#reader.get(key) }
  }

  /** The image of a row as the next evaluation would see it; `applied` is what the store holds. */
  latest(key: Buffer, applied: Image): Image | undefined {
    const pending = this.#pending.get(key)
    return pending ? pending.image : applied
  }

  /** Adds an effect to the batch that fills. Errors: NotLeading, once closed. @returns the batch's number */
  add(effect: Effect, span?: Span): number {
    const batch = this.#filling(true)
    this.#put(batch, effect)
    if (span) this.#trace(batch, effect, span)
    this.#schedule()
    return batch.number
  }

  /** Adds all of it to one batch: it is applied whole, or not at all. Errors: as `add`. @returns the batch's number */
  addAll(effects: Effect[], steps: Step[]): number {
    const batch = this.#filling(effects.length > 0)
    for (const effect of effects) this.#put(batch, effect)
    for (const step of steps) {
      batch.steps.push(step)
      this.#count(batch, stepBytes(step))
    }
    this.#schedule()
    return batch.number
  }

  /** `answer` once the batch is applied; at once when it is, or when there is none. Errors: NotLeading; those of `answer`. */
  after<T>(number: number | undefined, answer: () => T): Promise<T> {
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

  /** As `after`, for an answer that rests on what was read (INV-R7). */
  rested<T>(number: number | undefined, answer: () => T): Promise<T> {
    return this.after(number, () => {
      this.#tenure.check()
      return answer()
    })
  }

  /** Resolves once all that is evaluated so far is applied. Errors: NotLeading. */
  drained(): Promise<void> {
    return this.after(Math.max(0, ...this.#batches.keys()), () => {})
  }

  /**
   * Proposes all that is evaluated: what `latest` shows then comes before whatever is proposed next, and is lost only
   * together with it.
   */
  proposeAll(): void {
    this.#flush(Number.POSITIVE_INFINITY)
  }

  /** An entry of any kind is applied: what waits for room in the pipeline may go on. */
  goOn(): void {
    if (this.#queue.length > 0) this.#schedule()
  }

  /** INV-G1: `changes` come to an end when others take over; decisions go on. */
  #filling(changes: boolean): Batch {
    if (this.#closed || (changes && this.#schema?.sealed)) throw this.refusal()!
    const last = this.#queue.at(-1)
    if (last && last.bytes < BATCH_BYTES) return last
    const batch: Batch = { number: this.#nextBatch++, effects: [], steps: [], bytes: 0, settle: [] }
    this.#batches.set(batch.number, batch)
    this.#queue.push(batch)
    return batch
  }

  #trace(batch: Batch, { recorded }: Effect, span: Span): void {
    batch.trace ??= new BatchTrace(this.origins)
    batch.trace.join(span, recorded && batch.effects.length - 1)
  }

  #put(batch: Batch, effect: Effect): void {
    this.#pending.set(effect.key as Buffer, effect.image, batch.number)
    batch.effects.push(effect)
    this.#count(batch, (effect.image?.json.length ?? 0) + (effect.old?.text.length ?? 0) + 100)
  }

  #count(batch: Batch, bytes: number): void {
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

  #flush(depth = this.#pipeline.depth): void {
    while (this.#queue.length > 0 && this.#pipeline.flying < depth) {
      const batch = this.#queue.shift()!
      const time = this.#clock.now()
      // A copy of the table that ends at some time has the transaction on all sides, or on none.
      for (const step of batch.steps) if (step.kind === 'decide') step.time = time
      const write = { kind: 'write' as const, time, effects: batch.effects }
      const body = batch.steps.length > 0 ? { ...write, steps: batch.steps } : write
      this.#pipeline.propose(body, batch.trace).then(
        () => this.#settle(batch),
        error => this.#fail(batch, error),
      )
    }
  }

  #settle(batch: Batch): void {
    this.#finish(batch)
    for (const settle of batch.settle) settle()
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

function reasonOf(schema: PartitionSchema | undefined): string | undefined {
  // A partition that was just made is led a moment before it knows its table.
  if (!schema) return 'the partition does not know its table yet'
  if (schema.filling) return 'the partition is still being filled'
  return schema.sealed ? 'other partitions have taken over' : undefined
}
