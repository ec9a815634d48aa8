/** A leader's part in transactions: what a coordinator and other partitions may ask of it. */
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { EntryBody } from '../partition/entry.ts'
import type {
  CheckAnswer,
  CheckRequest,
  CommitAnswer,
  CommitRequest,
  PrepareRequest,
  ReadAnswer,
  Token,
  TokenState,
  Vote,
} from '../partition/transaction.ts'
import type { Ending, Participant as ParticipantName } from '../store/rows.ts'
import type { Store } from '../store/store.ts'
import type { Applier } from './applier.ts'
import type { Batches } from './batches.ts'
import { Decisions } from './decisions.ts'
import { Home } from './home.ts'
import { Judge } from './judge.ts'
import type { Locks } from './locks.ts'
import { Participant } from './participant.ts'
import type { Held, Peers } from './peers.ts'
import { NotLeading } from './pipeline.ts'
import { checkServing } from './serving.ts'
import type { Tenure } from './tenure.ts'
import { Watches } from './watches.ts'
import { overloaded } from './writes.ts'

export type TransactionPorts = {
  partition: string
  epoch: number
  store: Store
  applier: Applier
  batches: Batches
  locks: Locks
  tenure: Tenure
  peers: Peers
  clock: Clock
  logger: Logger
  /** Resolves when writes may go on; undefined if they may now. */
  room(): Promise<void> | undefined
}

export class Transactions {
  readonly #ports: TransactionPorts
  readonly #participant: Participant
  readonly #home: Home
  readonly #decisions: Decisions
  readonly #watches: Watches

  constructor(ports: TransactionPorts) {
    const { store, batches, locks, clock, epoch } = ports
    const shared = { ...ports, store: store.transactions, judge: new Judge(batches, locks) }
    this.#ports = ports
    this.#participant = new Participant(shared)
    this.#decisions = new Decisions(shared)
    this.#home = new Home(shared)
    this.#watches = new Watches(store.reader, locks, clock, epoch)
  }

  /** Takes over from the last leader. Called once all that is durable is applied. */
  load(): void {
    this.#participant.load()
    if (!this.#ports.store.transactions.isEmpty()) this.#decisions.schedule()
  }

  /** An entry is applied. */
  applied(entry: EntryBody): void {
    if (entry.kind === 'write') this.#watches.applied(entry.effects)
  }

  /** See participant.ts. Errors: NotLeading; ThrottlingException; so for `check` and `commit`. */
  async prepare(request: PrepareRequest): Promise<Vote> {
    await this.#open()
    return this.#participant.prepare(request)
  }

  /** See home.ts. */
  async check(request: CheckRequest): Promise<CheckAnswer> {
    await this.#open()
    return this.#home.check(request)
  }

  /** See home.ts. */
  async commit(request: CommitRequest): Promise<CommitAnswer> {
    await this.#open()
    if (request.participants.length > 0 || request.token) this.#decisions.schedule()
    return this.#home.commit(request)
  }

  abandon(transaction: string): void {
    this.#home.abandon(transaction)
  }

  token(token: Token): TokenState | undefined {
    this.#ports.tenure.check()
    return this.#home.token(token)
  }

  outcome(transaction: string, participant: ParticipantName): Promise<Ending | 'running'> {
    this.#decisions.schedule()
    return this.#home.outcome(transaction, participant)
  }

  resolve(held: Held, ending: Ending): Promise<void> {
    return this.#participant.resolve(held, ending)
  }

  holds(prepares: Held[]): boolean[] {
    this.#ports.tenure.check()
    return this.#participant.holds(prepares)
  }

  /** See watches.ts. */
  read(keys: Buffer[], watch: boolean): ReadAnswer {
    this.#reading()
    return this.#watches.read(keys, watch)
  }

  /** See watches.ts. */
  changed(watch: string, keys: Buffer[]): number[] {
    this.#reading()
    return this.#watches.changed(watch, keys)
  }

  /** Resolves when nobody needs what was decided here any more. The schema says that the table is going, or that others have taken over. */
  async settled(): Promise<void> {
    const { batches, applier } = this.#ports
    await batches.drained()
    await this.#decisions.settled()
    await this.#decisions.forgotten(() => applier.schema?.retired === true)
  }

  stop(): void {
    this.#participant.stop()
    this.#decisions.stop()
  }

  /** Errors: NotLeading (INV-R7, INV-G2). */
  #reading(): void {
    this.#ports.tenure.check()
    checkServing(this.#ports.applier.schema)
  }

  async #open(): Promise<void> {
    const { room, batches, applier } = this.#ports
    const wait = room()
    if (wait) await wait
    if (batches.isFull) throw overloaded()
    const refusal = batches.refusal()
    if (refusal) throw refusal
    if (applier.schema!.closing) throw new NotLeading('the table is going')
  }
}
