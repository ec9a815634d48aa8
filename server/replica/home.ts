/**
 * The partition that decides. INV-T1: its commit entry is the transaction's commit. Whoever asks for the outcome of a
 * transaction that is not being worked on is told `aborted`, when that is durable here: a commit that comes later is refused.
 */
import type { Clock } from '../base/clock.ts'
import type { Effect } from '../partition/entry.ts'
import type { Step } from '../partition/steps.ts'
import type {
  CheckAnswer,
  CheckRequest,
  CommitAnswer,
  CommitRequest,
  Token,
  TokenPart,
  TokenState,
  Verdict,
} from '../partition/transaction.ts'
import type { Ending, Participant } from '../store/rows.ts'
import type { TransactionReader } from '../store/transactions.ts'
import type { Batches } from './batches.ts'
import { Begun } from './begun.ts'
import type { Judge } from './judge.ts'

/** A client token's life after the commit. */
export const TOKEN_MS = 10 * 60_000
/** A commit may be so late, no later: decisions are kept longer. */
const COMMIT_WINDOW_MS = 5 * 60_000
/** Bytes of DynamoDB's read unit. */
const READ_UNIT = 4096

export type HomePorts = { store: TransactionReader; batches: Batches; judge: Judge; clock: Clock }

/** A commit that was tried: what is to be logged, and what to be answered then. */
type Attempt = { effects: Effect[]; steps: Step[]; batch: number | undefined; answer: CommitAnswer }

export class Home {
  readonly #ports: HomePorts
  readonly #begun: Begun
  readonly #deciding = new Map<string, Promise<CommitAnswer>>()

  constructor(ports: HomePorts) {
    this.#ports = ports
    this.#begun = new Begun(ports.clock)
  }

  /** What the home's actions would come to now. Errors: NotLeading. */
  check({ transaction, actions, token }: CheckRequest): Promise<CheckAnswer> {
    const { judge, batches } = this.#ports
    const known = token && this.#known(transaction, token)
    if (known) return Promise.resolve(known)
    const { verdicts, refused, batch } = judge.judge(actions)
    if (!refused) this.#begun.add(transaction, token?.token)
    return batches.rested(batch, () => ({ kind: 'checked', verdicts }))
  }

  /** Resolves once the decision is applied. A second call for the same transaction hears of the first. Errors: NotLeading. */
  commit(request: CommitRequest): Promise<CommitAnswer> {
    const { transaction, participants, token } = request
    if (participants.length === 0 && !token) return this.#log(this.#attempt(request))
    return this.#deciding.get(transaction) ?? this.#decide(transaction, this.#commit(request))
  }

  /** The coordinator gives up, or is done: nobody has to wait for it. */
  abandon(transaction: string): void {
    this.#begun.remove(transaction)
  }

  /** Undefined if no transaction with the token was committed, nor is under way. Errors: NotLeading. */
  token(token: Token): TokenState | undefined {
    return this.#known(undefined, token)
  }

  /** Errors: NotLeading. */
  async outcome(transaction: string, participant: Participant): Promise<Ending | 'running'> {
    while (this.#deciding.has(transaction)) await this.#deciding.get(transaction)
    const decision = this.#ports.store.decision(transaction)
    if (decision?.outcome === 'committed') {
      // Another prepare of the same transaction, repeated or late, is no part of it.
      return decision.participants.some(other => isSame(other, participant)) ? { committed: decision.time } : 'aborted'
    }
    if (decision) return 'aborted'
    if (this.#begun.has(transaction)) return 'running'
    await this.#decide(transaction, this.#log(this.#abortion(transaction, { kind: 'aborted' })))
    return 'aborted'
  }

  #decide(transaction: string, answer: Promise<CommitAnswer>): Promise<CommitAnswer> {
    const deciding = answer.finally(() => {
      this.#deciding.delete(transaction)
      this.#begun.remove(transaction)
    })
    this.#deciding.set(transaction, deciding)
    return deciding
  }

  #commit(request: CommitRequest): Promise<CommitAnswer> {
    const { transaction, participants, token } = request
    const { store, clock } = this.#ports
    const decision = participants.length > 0 ? store.decision(transaction) : undefined
    if (decision?.outcome === 'aborted') return Promise.resolve({ kind: 'aborted' })
    if (decision) return Promise.resolve({ kind: 'committed', outcomes: undefined, time: decision.time })
    if (participants.length > 0 && clock.now() - request.began > COMMIT_WINDOW_MS)
      return this.#log(this.#abortion(transaction, { kind: 'aborted' }))
    const known = token && this.#known(transaction, token)
    if (!known) this.#begun.add(transaction, token?.token)
    const attempt = known ? { effects: [], steps: [], batch: undefined, answer: known } : this.#attempt(request)
    // The participants will be told that it is aborted: no repetition of this call may commit it.
    if (attempt.answer.kind !== 'committed' && participants.length > 0)
      return this.#log(this.#abortion(transaction, attempt.answer))
    return this.#log(attempt)
  }

  #attempt({ transaction, actions, participants, token }: CommitRequest): Attempt {
    const { judge, clock } = this.#ports
    const { verdicts, refused, effects, batch } = judge.judge(actions)
    if (refused) return { effects: [], steps: [], batch, answer: { kind: 'refused', verdicts } }
    const time = clock.now()
    const steps: Step[] = []
    if (participants.length > 0) steps.push({ kind: 'decide', transaction, outcome: 'committed', time, participants })
    if (token) steps.push({ kind: 'token', ...tokenRow(token, verdicts, time) })
    const outcomes = verdicts.map(verdict => (verdict as Exclude<Verdict, { refusal: unknown }>).outcome)
    const changes = effects.filter(effect => effect !== undefined)
    return { effects: changes, steps, batch, answer: { kind: 'committed', outcomes } }
  }

  /** INV-R3 holds for refusals too: a batch with the abortion comes after all they rest on. */
  #abortion(transaction: string, answer: CommitAnswer): Attempt {
    const time = this.#ports.clock.now()
    const step: Step = { kind: 'decide', transaction, outcome: 'aborted', time, participants: [] }
    return { effects: [], steps: [step], batch: undefined, answer }
  }

  #log({ effects, steps, batch, answer }: Attempt): Promise<CommitAnswer> {
    const { batches } = this.#ports
    if (effects.length + steps.length === 0) return batches.rested(batch, () => answer)
    const last = batches.addAll(effects, steps)
    if (steps.length === 0 || answer.kind !== 'committed') return batches.after(last, () => answer)
    return batches.after(last, () => ({ ...answer, time: timeOf(steps) }))
  }

  #known(transaction: string | undefined, { token, request }: Token): TokenState | undefined {
    const { store, clock } = this.#ports
    const row = store.token(token)
    if (row && row.expires > clock.now())
      return row.request === request ? { kind: 'replayed', units: row.units } : { kind: 'mismatch' }
    const other = this.#begun.holder(token)
    return other === undefined || other === transaction ? undefined : { kind: 'running' }
  }
}

function isSame(a: Participant, b: Participant): boolean {
  return a.partition === b.partition && a.ticket === b.ticket
}

/** Of the decision among the steps, which it has once it is logged. */
function timeOf(steps: Step[]): number | undefined {
  return steps.find(step => step.kind === 'decide')?.time
}

function tokenRow({ token, request, units, places }: TokenPart, verdicts: Verdict[], time: number) {
  const all = [...units]
  for (const [i, place] of places.entries()) all[place] = replayUnits(verdicts[i]!)
  return { token, request, expires: time + TOKEN_MS, units: all }
}

/** What a replay is charged for an action: a read of the item as the action left it. */
export function replayUnits(verdict: Verdict): number {
  return 'size' in verdict ? Math.max(1, Math.ceil(verdict.size / READ_UNIT)) : 0
}
