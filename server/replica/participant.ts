/**
 * The part of a partition that is not the transaction's home: it holds items for what the home will decide, and finds out by
 * itself when nobody tells it.
 */
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Effect } from '../partition/entry.ts'
import { imageEffect } from '../partition/evaluate.ts'
import type { PrepareRequest, Vote } from '../partition/transaction.ts'
import type { Ending, LockRow, PreparedRow } from '../store/rows.ts'
import type { TransactionReader } from '../store/transactions.ts'
import type { Batches } from './batches.ts'
import type { Judge, Judgement } from './judge.ts'
import type { Locks, Prepared } from './locks.ts'
import type { Held, Peers } from './peers.ts'

/** A prepare that is not resolved after so long has lost its coordinator, or will have. */
const PATIENCE_MS = 1000
const CHECK_MS = 250

export type ParticipantPorts = {
  partition: string
  epoch: number
  store: TransactionReader
  batches: Batches
  locks: Locks
  judge: Judge
  peers: Peers
  clock: Clock
  logger: Logger
}

export class Participant {
  readonly #ports: ParticipantPorts
  readonly #asking = new Set<Prepared>()
  #tickets = 0
  #cancel: (() => void) | undefined
  #stopped = false

  constructor(ports: ParticipantPorts) {
    this.#ports = ports
  }

  /** Takes over what the last leader held, and asks at once what became of it. */
  load(): void {
    const { store, locks, clock } = this.#ports
    for (const row of store.prepared()) locks.take(row, clock.monotonic() - PATIENCE_MS)
    this.#check()
    this.#schedule()
  }

  /** Resolves when the items are held for good, or with the refusals. Errors: NotLeading; ThrottlingException. */
  prepare({ transaction, home, actions }: PrepareRequest): Promise<Vote> {
    const { judge, batches, locks, epoch } = this.#ports
    const judgement = judge.judge(actions)
    const { verdicts } = judgement
    if (judgement.refused) return batches.rested(judgement.batch, () => ({ verdicts }))
    // Epochs are never used again, so that no other prepare has this ticket.
    const ticket = `${epoch}.${++this.#tickets}`
    const row: PreparedRow = { transaction, ticket, home, locks: locksOf(actions, judgement) }
    locks.take(row)
    this.#schedule()
    const batch = batches.addAll([], [{ kind: 'prepare', ...row }])
    return batches.after(batch, () => ({ verdicts, ticket }))
  }

  /** Resolves when the outcome is applied. What is not held, or not by this ticket, was resolved before. Errors: NotLeading. */
  resolve({ transaction, ticket }: Held, ending: Ending): Promise<void> {
    const prepared = this.#ports.locks.find(transaction)
    if (!prepared || prepared.ticket !== ticket) return this.#ports.batches.rested(undefined, () => {})
    prepared.resolution ??= this.#resolve(prepared, ending)
    return prepared.resolution
  }

  holds(prepares: Held[]): boolean[] {
    return prepares.map(({ transaction, ticket }) => this.#ports.locks.find(transaction)?.ticket === ticket)
  }

  stop(): void {
    this.#stopped = true
    this.#cancel?.()
    this.#ports.locks.clear()
  }

  /** Index rows are worked out now, not when the images were: indexes may have come since. */
  #resolve(prepared: Prepared, ending: Ending): Promise<void> {
    const { batches, locks } = this.#ports
    const { transaction } = prepared
    const effects = ending === 'aborted' ? [] : prepared.locks.filter(lock => lock.changes).map(this.#effectOf)
    const step = { kind: 'resolve' as const, transaction }
    const batch = batches.addAll(effects, [ending === 'aborted' ? step : { ...step, ...ending }])
    return batches.after(batch, () => locks.release(prepared))
  }

  #effectOf = (lock: LockRow): Effect => {
    const { batches } = this.#ports
    const key = lock.key as Buffer
    const current = batches.current(key, batches.pending(key))
    return imageEffect(batches.table, key, current.image(), lock.image)
  }

  #schedule(): void {
    if (this.#cancel || this.#stopped || this.#ports.locks.size === 0) return
    this.#cancel = this.#ports.clock.after(CHECK_MS, () => {
      this.#cancel = undefined
      this.#check()
      this.#schedule()
    })
  }

  #check(): void {
    const { locks, clock } = this.#ports
    for (const prepared of locks.all()) if (clock.monotonic() - prepared.since >= PATIENCE_MS) this.#ask(prepared)
  }

  /** Does nothing if it is being asked, or resolved, already; if it fails, the next check asks again. */
  #ask(prepared: Prepared): void {
    if (this.#asking.has(prepared) || prepared.resolution) return
    this.#asking.add(prepared)
    this.#settle(prepared)
      .catch(error => this.#unanswered(prepared, error))
      .finally(() => this.#asking.delete(prepared))
  }

  async #settle(prepared: Prepared): Promise<void> {
    const { peers, partition } = this.#ports
    const { home, transaction, ticket } = prepared
    const ending = await peers.outcome(home, transaction, { partition, ticket })
    if (ending !== 'running' && !this.#stopped) await this.resolve(prepared, ending)
  }

  #unanswered({ transaction, home, since }: Prepared, error: Error): void {
    const { clock, logger, partition } = this.#ports
    if (this.#stopped || clock.monotonic() - since < 10 * PATIENCE_MS) return
    logger.warn({ err: error, transaction, partition, home }, 'a transaction waits for the partition that decides it')
  }
}

function locksOf(actions: PrepareRequest['actions'], { effects }: Judgement): LockRow[] {
  return actions.map(({ key }, i) => {
    const effect = effects[i]
    return { key, changes: effect !== undefined, image: effect?.image }
  })
}
