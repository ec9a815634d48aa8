/**
 * The coordinator of transactions: partition/transaction.ts says how they go. It keeps nothing, and may end at any point: what
 * is prepared then finds out from its home.
 */
import { type Clock, sleep } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import { within } from '../base/within.ts'
import { dynamo, internalServerError } from '../model/errors.ts'
import type { TableRecord } from '../model/table.ts'
import type { WriteOutcome } from '../partition/command.ts'
import type {
  CheckAnswer,
  CommitAnswer,
  CommitRequest,
  Ending,
  Participant,
  Token,
  TokenState,
  Verdict,
  Vote,
} from '../partition/transaction.ts'
import { replayUnits } from '../replica/home.ts'
import type { Peers } from '../replica/peers.ts'
import type { Image } from '../store/rows.ts'
import type { TransactAction, Transactions } from './cluster.ts'
import type { TransactionLeader } from './leaders.ts'
import { inOrder, type Part, partsOf, refusalOf } from './parts.ts'
import { Moved, type Routes } from './routes.ts'
import { readSnapshot } from './snapshot.ts'
import type { TokenDirectory } from './tokens.ts'

/** How long an answer waits for the participants to be told; what they hold waits for that too. */
const RESOLVE_MS = 2000
/** How long an earlier home of a client token is waited for. */
const RECALL_MS = 5000
const RETRY_MS = 50

const IN_PROGRESS = 'The transaction with the given request token is already in progress.'
const MISMATCH =
  'DynamoDB rejected the request because you retried a request with a different payload but with an idempotent token that was already used.'

export type CoordinatorPorts = {
  routes: Routes
  peers: Pick<Peers, 'outcome' | 'token'>
  tokens: Pick<TokenDirectory, 'claim' | 'renew'>
  clock: Clock
  random: Random
}

type WritePart = Part<TransactAction>
type Result = { outcomes: WriteOutcome[]; replayed: boolean }

/** A transaction of several partitions; the first is its home. */
type Shared = { transaction: string; began: number; parts: WritePart[]; token: Token | undefined }

/** What the partitions said: the home's answer, the others' votes. */
type Opinions = { checked: CheckAnswer; votes: Vote[] }

export class Coordinator implements Transactions {
  readonly #ports: CoordinatorPorts

  constructor(ports: CoordinatorPorts) {
    this.#ports = ports
  }

  read(gets: { table: TableRecord; key: Buffer }[]): Promise<(Image | undefined)[]> {
    return readSnapshot(this.#ports.routes, this.#ports.clock, gets)
  }

  /** What others have taken over from a partition meanwhile is cut anew: nothing was done then. */
  async write(actions: TransactAction[], token?: Token): Promise<Result> {
    try {
      return await this.#write(actions, token)
    } catch (error) {
      if (!(error instanceof Moved)) throw error
      const { routes } = this.#ports
      return this.write(
        actions.map(action => ({ ...action, table: routes.latest(action.table) })),
        token,
      )
    }
  }

  async #write(actions: TransactAction[], token?: Token): Promise<Result> {
    const parts = partsOf(actions, ({ command }) => command.key)
    const known = token && (await this.#claim(token, parts[0]!))
    if (known) return answerKnown(known)
    return parts.length === 1 ? this.#writeAlone(parts[0]!, token) : this.#writeTogether(parts, token)
  }

  /** What is known of a token that is not new; undefined if the transaction is to be run. */
  async #claim(token: Token, part: WritePart): Promise<TokenState | undefined> {
    const { tokens } = this.#ports
    const earlier = await tokens.claim(token, part.partition)
    if (!earlier) return undefined
    if (earlier.kind === 'other') return { kind: 'mismatch' }
    const isHome = earlier.home === part.partition
    const known = await (isHome ? this.#ask(part, leader => leader.token(token)) : this.#recall(earlier.home, token))
    if (known) return known
    return (await tokens.renew(token, part.partition)) ? undefined : { kind: 'mismatch' }
  }

  /** What a home knows that others have taken over from; nobody knows anything if its table was deleted. Errors: it can't be reached for long. */
  async #recall(home: string, token: Token): Promise<TokenState | undefined> {
    const { clock, peers } = this.#ports
    const end = clock.monotonic() + RECALL_MS
    while (true) {
      try {
        return await peers.token(home, token)
      } catch (error) {
        if (clock.monotonic() > end) throw error
      }
      await sleep(clock, RETRY_MS)
    }
  }

  /** Everything is in one partition: one entry, like a single write. */
  async #writeAlone(part: WritePart, token: Token | undefined): Promise<Result> {
    const transaction = this.#ports.random.uuid()
    const answer = await this.#ask(part, leader =>
      leader.commit({
        transaction,
        began: this.#ports.clock.now(),
        actions: part.elements.map(({ command }) => command),
        participants: [],
        token: token && { ...token, units: part.places.map(() => 0), places: part.places },
      }),
    )
    if (answer.kind === 'refused') throw refusalOf(answer.verdicts)
    if (answer.kind === 'aborted') throw internalServerError()
    if (answer.kind !== 'committed') return answerKnown(answer)
    return { outcomes: answer.outcomes!, replayed: false }
  }

  async #writeTogether(parts: WritePart[], token: Token | undefined): Promise<Result> {
    const shared = { transaction: this.#ports.random.uuid(), began: this.#ports.clock.now(), parts, token }
    const opinions = await this.#prepare(shared)
    const { checked, votes } = opinions
    if (checked.kind !== 'checked') return this.#giveUp(shared, votes).then(() => answerKnown(checked))
    const verdicts = [checked.verdicts, ...votes.map(vote => vote.verdicts)]
    const refusal = refusalOf(inOrder(parts, verdicts))
    if (refusal) {
      await this.#giveUp(shared, votes)
      throw refusal
    }
    return this.#commit(shared, votes, verdicts)
  }

  /** Asks all partitions at once. Errors: of one that did not answer; then the others are let go. */
  async #prepare(shared: Shared): Promise<Opinions> {
    const { transaction, parts, token } = shared
    const [home, ...others] = parts as [WritePart, ...WritePart[]]
    const actionsOf = ({ elements }: WritePart) => elements.map(({ command }) => command)
    const [checked, ...votes] = await Promise.allSettled([
      this.#ask(home, leader => leader.check({ transaction, actions: actionsOf(home), token })),
      ...others.map(part =>
        this.#ask(part, leader => leader.prepare({ transaction, home: home.partition, actions: actionsOf(part) })),
      ),
    ])
    const failed = [checked, ...votes].find(answer => answer.status === 'rejected')
    const given = votes.map(vote => (vote.status === 'fulfilled' ? (vote.value as Vote) : undefined))
    if (failed) {
      await this.#giveUp(shared, given)
      throw failed.reason
    }
    return { checked: (checked as PromiseFulfilledResult<CheckAnswer>).value, votes: given as Vote[] }
  }

  async #commit(shared: Shared, votes: Vote[], verdicts: Verdict[][]): Promise<Result> {
    const { transaction, began, parts, token } = shared
    const home = parts[0]!
    const participants = votes.map((vote, i) => ({ partition: parts[i + 1]!.partition, ticket: vote.ticket! }))
    const units = inOrder(
      parts,
      verdicts.map(list => list.map(replayUnits)),
    )
    const answer = await this.#decide(home, {
      transaction,
      began,
      actions: home.elements.map(({ command }) => command),
      participants,
      token: token && { ...token, units, places: home.places },
    })
    await this.#resolve(shared, votes, answer.kind === 'committed' ? { committed: answer.time! } : 'aborted')
    if (answer.kind === 'refused') throw refusalOf(inOrder(parts, [answer.verdicts, ...verdicts.slice(1)]))
    if (answer.kind === 'aborted') throw this.#lost(home) ?? internalServerError()
    if (answer.kind !== 'committed') return answerKnown(answer)
    const outcomes = verdicts.map(list => list.map(verdict => (verdict as { outcome: WriteOutcome }).outcome))
    if (answer.outcomes) outcomes[0] = answer.outcomes
    return { outcomes: inOrder(parts, outcomes), replayed: false }
  }

  /** Why a home has not committed, if that is because it is not the home any more. */
  #lost({ partition, table }: WritePart): Error | undefined {
    const { routes } = this.#ports
    return routes.gone(table) ?? routes.moved(partition, table)
  }

  /** Errors: the home can't be reached; then what it has decided is not known, and the participants will find out. */
  async #decide(home: WritePart, request: CommitRequest): Promise<CommitAnswer> {
    try {
      return await this.#ask(home, leader => leader.commit(request))
    } catch {
      const ending = await this.#ending(home, request.transaction, request.participants[0]!)
      if (ending === 'aborted') return { kind: 'aborted' }
      return { kind: 'committed', outcomes: undefined, time: ending.committed }
    }
  }

  /** Errors: the home can't be reached for long. */
  async #ending({ partition }: WritePart, transaction: string, participant: Participant): Promise<Ending> {
    const { clock, routes, peers } = this.#ports
    const end = clock.monotonic() + RESOLVE_MS
    while (true) {
      try {
        await routes.find(partition)?.transactions.abandon(transaction)
        const ending = await peers.outcome(partition, transaction, participant)
        if (ending !== 'running') return ending
      } catch (error) {
        if (clock.monotonic() > end) throw error
      }
      await sleep(clock, RETRY_MS)
    }
  }

  /** No commit was sent, and none will be. A participant that could not be told asks the home, which then need not wait for one. */
  async #giveUp(shared: Shared, votes: (Vote | undefined)[]): Promise<void> {
    const [home] = shared.parts as [WritePart]
    const abandoned = this.#tell(home, leader => leader.abandon(shared.transaction))
    await Promise.all([
      within(this.#ports.clock, RESOLVE_MS, abandoned).catch(() => {}),
      this.#resolve(shared, votes, 'aborted'),
    ])
  }

  /** Resolves when all that have prepared are told, or have not been reached for a while: the decision stands. */
  async #resolve({ transaction, parts }: Shared, votes: (Vote | undefined)[], ending: Ending): Promise<void> {
    const held = votes.flatMap((vote, i) => (vote?.ticket ? { part: parts[i + 1]!, ticket: vote.ticket } : []))
    if (held.length === 0) return
    let cancel = () => {}
    const bound = new Promise<void>(resolve => (cancel = this.#ports.clock.after(RESOLVE_MS, resolve)))
    const told = held.map(({ part, ticket }) =>
      this.#tell(part, leader => leader.resolve({ transaction, ticket }, ending)),
    )
    await Promise.race([Promise.all(told), bound])
    cancel()
  }

  /** Again, for a while, until it is heard. */
  async #tell(part: WritePart, tell: (leader: TransactionLeader) => void | Promise<void>): Promise<void> {
    const { clock, routes } = this.#ports
    const end = clock.monotonic() + RESOLVE_MS
    while (true) {
      try {
        return await this.#ask(part, tell)
      } catch {
        if (routes.gone(part.table) || clock.monotonic() > end) return
        await sleep(clock, RETRY_MS)
      }
    }
  }

  #ask<T>({ partition, table }: WritePart, ask: (leader: TransactionLeader) => T | Promise<T>): Promise<T> {
    return this.#ports.routes.ask(partition, table, ({ transactions }) => ask(transactions))
  }
}

/** Errors: TransactionInProgressException, IdempotentParameterMismatchException. */
function answerKnown(known: TokenState): Result {
  if (known.kind === 'running') throw dynamo('TransactionInProgressException', IN_PROGRESS)
  if (known.kind === 'mismatch') throw dynamo('IdempotentParameterMismatchException', MISMATCH)
  return { outcomes: known.units.map(table => ({ units: { table, indexes: {} } })), replayed: true }
}
