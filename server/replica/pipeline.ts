/**
 * Propose, make durable, apply: several entries may be on their way to the log at once, each expecting the one before.
 * INV-R2: an entry is applied only when it and all before it are durable, and its proposer hears of it only then.
 */
import { type PartitionLog, type Position, PositionConflict } from '../log/log.ts'
import { chainHash, type Entry, type EntryBody, encodeEntry } from '../partition/entry.ts'
import { isDiskFailure } from '../store/failure.ts'
import type { Applier } from './applier.ts'
import type { BatchTrace } from './trace.ts'

type Proposal = {
  position: Position
  bytes: Uint8Array
  entry: Entry
  durable: boolean
  trace: BatchTrace | undefined
  resolve: (position: Position) => void
  reject: (error: Error) => void
}

/** This replica does not lead, and has not begun to do what was asked: ask again, here or elsewhere. */
export class NotLeading extends Error {
  override name = 'NotLeading'
  /** The node that leads instead, if that is known. */
  readonly leader: string | undefined

  constructor(message: string, leader?: string) {
    super(message)
    this.leader = leader
  }
}

/** What was asked for may have been done, or may be yet: who asks again may do it twice. */
export class Interrupted extends NotLeading {
  override name = 'Interrupted'
}

export type PipelineHooks = {
  /** Called for every entry once it is applied, in log order. */
  applied(position: Position, entry: Entry): void
  /** Called once, when an append or an apply failed: the leader must step down. */
  broke(error: Error): void
}

export class Pipeline {
  readonly #log: PartitionLog
  readonly #applier: Applier
  readonly #epoch: number
  readonly #hooks: PipelineHooks
  #tail: Position
  #chain: string
  #flying: Proposal[] = []
  #scheduled = false
  #held: Promise<void> | undefined
  #broken: Error | undefined
  #retired = false
  #last: Promise<unknown> = Promise.resolve()

  constructor(log: PartitionLog, applier: Applier, epoch: number, hooks: PipelineHooks) {
    this.#log = log
    this.#applier = applier
    this.#epoch = epoch
    this.#hooks = hooks
    this.#tail = applier.state.position
    this.#chain = applier.state.chain
  }

  /** Entries on their way at once that make sense. */
  get depth(): number {
    return this.#log.depth
  }

  /** Entries that are not applied yet. */
  get flying(): number {
    return this.#flying.length
  }

  /** Resolves with the entry's position once it is applied; proposals are applied in the order of the calls. */
  propose(body: EntryBody, trace?: BatchTrace): Promise<Position> {
    if (this.#broken) return Promise.reject(new NotLeading(this.#broken.message))
    if (this.#retired) return Promise.reject(new NotLeading('the partition is being handed over'))
    const entry: Entry = { ...body, epoch: this.#epoch, previous: this.#chain }
    const bytes = encodeEntry(entry)
    const expected = this.#tail
    this.#tail += 1
    this.#chain = chainHash(bytes)
    const applied = new Promise<Position>((resolve, reject) => {
      const proposal: Proposal = { position: this.#tail, bytes, entry, durable: false, trace, resolve, reject }
      this.#flying.push(proposal)
      trace?.proposed(proposal.position)
      this.#log.append(bytes, expected).then(
        () => {
          proposal.durable = true
          trace?.durable()
          this.#schedule()
        },
        error => this.break(error),
      )
    })
    this.#last = applied
    return applied
  }

  /** Refuses proposals from now on; resolves when those under way are applied. Errors: NotLeading. */
  async retire(): Promise<void> {
    this.#retired = true
    await this.#last
  }

  /** Nothing is applied from now on until `release`: what the reader shows stands still, reads go on. */
  hold(): () => void {
    let release = () => {}
    this.#held = new Promise(resolve => (release = resolve))
    return () => {
      this.#held = undefined
      release()
      this.#schedule()
    }
  }

  /** Refuses proposals from now on; those under way fail, and may be in the log all the same. */
  stop(reason: string): void {
    this.#broken ??= new NotLeading(reason)
    for (const proposal of this.#flying.splice(0)) reject(proposal, new Interrupted(this.#broken.message))
  }

  /** All that became durable in one write of the log is applied in one transaction. */
  #schedule(): void {
    if (this.#scheduled || this.#held) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      if (!this.#held) this.#applyDurable()
    })
  }

  #applyDurable(): void {
    const pending = this.#flying.findIndex(proposal => !proposal.durable)
    const ready = this.#flying.splice(0, pending < 0 ? this.#flying.length : pending)
    if (ready.length === 0) return
    try {
      this.#applier.apply(ready)
    } catch (error) {
      // They are in the log, and the next leader applies them.
      const reason = isDiskFailure(error) ? new Interrupted((error as Error).message) : (error as Error)
      for (const proposal of ready) reject(proposal, reason)
      this.break(error as Error)
      return
    }
    for (const { position, entry, trace, resolve } of ready) {
      this.#hooks.applied(position, entry)
      trace?.settled()
      resolve(position)
    }
  }

  /** Stops, and has the leader step down. */
  break(error: Error): void {
    if (this.#broken) return
    this.stop(error instanceof PositionConflict ? 'another leader has appended to the log' : error.message)
    this.#hooks.broke(error)
  }
}

function reject({ trace, reject }: Proposal, error: Error): void {
  trace?.settled(error)
  reject(error)
}
