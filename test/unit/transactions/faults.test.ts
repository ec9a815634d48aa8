/**
 * Coordinators and partitions, with messages between them that are lost, repeated and late, and leaders that die, in time that
 * runs faster: whatever happens, a transaction is done whole or not at all, once, and never when it was refused.
 */
import test, { type ExecutionContext } from 'ava'
import type { Clock } from '../../../server/base/clock.ts'
import { systemRandom } from '../../../server/base/random.ts'
import type { TransactAction } from '../../../server/cluster/cluster.ts'
import { type Leaders, peers, type TransactionLeader } from '../../../server/cluster/leaders.ts'
import { Routes, sliceOf } from '../../../server/cluster/routes.ts'
import { Coordinator } from '../../../server/cluster/transactions.ts'
import { LogUnavailable } from '../../../server/log/log.ts'
import { DynamoError } from '../../../server/model/errors.ts'
import type { Item } from '../../../server/model/item.ts'
import type { WriteCommand } from '../../../server/partition/command.ts'
import type { Held } from '../../../server/replica/peers.ts'
import { Interrupted, NotLeading } from '../../../server/replica/pipeline.ts'
import type { Transactions } from '../../../server/replica/transactions.ts'
import { type Random, randomOf } from '../../campaigns/random.ts'
import { table } from '../cluster/given.ts'
import { key, N, put, update } from '../partition/given.ts'
import { clock } from '../replica/fakes.ts'
import { Town } from './town.ts'

const SPEED = 20
const ACCOUNTS = 9
const OPENING = 100
const WORKERS = 6
const LATE_MS = 3000

/** Time runs faster, so that whoever is patient is so for less. */
const fast: Clock = {
  now: () => clock.now() + clock.monotonic() * (SPEED - 1),
  monotonic: () => clock.monotonic() * SPEED,
  after: (ms, task) => clock.after(ms / SPEED, task),
  soon: task => clock.soon(task),
}
const sleep = (ms: number) => new Promise<void>(resolve => void clock.after(ms / SPEED, resolve))

const SLICES = ['one', 'two', 'three'].map((id, i) => ({
  id,
  from: Math.floor((2 ** 32 * i) / 3),
  to: Math.floor((2 ** 32 * (i + 1)) / 3),
}))
const TABLE = table({ partitions: SLICES })

/** A transfer: what it was answered, and the name of its entry in the ledger. */
type Transfer = { ledger: string; answer: 'done' | 'refused' | 'unknown' }

class World {
  readonly town: Town
  readonly choices: Random
  readonly transfers: Transfer[] = []
  readonly tokens = new Map<string, { request: string; home: string }>()
  /** How likely each fault of a message is. */
  faults = 0.04
  #next = 0
  readonly #peers = peers(
    id => this.find(id),
    async () => true,
  )

  constructor(t: ExecutionContext, seed: number) {
    this.choices = randomOf(seed, 0)
    this.town = new Town(t, fast, () => this.#peers)
  }

  find = (id: string) => {
    const leader = this.town.find(id)
    return leader && { transactions: this.#faulty(leader.transactions) }
  }

  coordinator(): Coordinator {
    const routes = new Routes({ find: () => TABLE }, { find: this.find as Leaders['find'] }, fast)
    const tokens = {
      claim: async ({ token, request }: { token: string; request: string }, home: string) => {
        const earlier = this.tokens.get(token)
        if (!earlier) this.tokens.set(token, { request, home })
        return earlier && { kind: 'same' as const, home: earlier.home }
      },
      renew: async () => true,
    }
    return new Coordinator({ routes, peers: this.#peers, tokens, clock: fast, random: systemRandom })
  }

  async transfer(coordinator: Coordinator): Promise<void> {
    const { choices } = this
    const [from, to] = [choices.below(ACCOUNTS), choices.below(ACCOUNTS)]
    if (from === to) return
    const ledger = `ledger ${++this.#next}`
    const amount = choices.between(1, 30)
    const actions = choices.chance(0.5)
      ? [once(ledger), give(from, amount), add(to, amount)]
      : [add(to, amount), once(ledger), give(from, amount)]
    const token = choices.chance(0.5) ? { token: ledger, request: ledger } : undefined
    const transfer: Transfer = { ledger, answer: 'unknown' }
    this.transfers.push(transfer)
    transfer.answer = await answerOf(coordinator.write(actions, token))
    while (token && transfer.answer === 'unknown' && choices.chance(0.7)) {
      // That it is refused now says nothing of the request before.
      if ((await answerOf(coordinator.write(actions, token))) === 'done') transfer.answer = 'done'
    }
  }

  /** Some of what is on its way to the log is lost with the leader, some is not. */
  async crash(id: string): Promise<void> {
    const { log } = this.town.partitions.get(id)!
    log.close()
    await sleep(this.choices.below(100))
    await log.pass(this.choices.below(4))
    await this.town.kill(id)
    await log.lose(new LogUnavailable('killed'))
    await sleep(this.choices.below(3000))
    await this.town.restart(id, this.choices.chance(0.3))
  }

  item(command: WriteCommand): Item | undefined {
    return this.town.item(sliceOf(SLICES, command.key).id, command)
  }

  #faulty(leader: Transactions) {
    const through =
      <A extends unknown[], R>(method: (...a: A) => R | Promise<R>) =>
      (...a: A) =>
        this.#send(async () => method(...a))
    return {
      prepare: request => this.#send(() => leader.prepare(request), true, Interrupted),
      check: through(request => leader.check(request)),
      // Of one partition, it is a write: those who carry these do not repeat them.
      commit: request => this.#send(() => leader.commit(request), request.participants.length > 0, Interrupted),
      resolve: through((held, outcome) => leader.resolve(held, outcome)),
      abandon: through(transaction => leader.abandon(transaction)),
      token: through(token => leader.token(token)),
      outcome: through((transaction, participant) => leader.outcome(transaction, participant)),
      read: through((keys, watch) => leader.read(keys, watch)),
      changed: through((watch, keys) => leader.changed(watch, keys)),
      holds: through((prepares: Held[]) => leader.holds(prepares)),
    } satisfies TransactionLeader & { holds: unknown }
  }

  /** `lost`: how it fails without its answer, be it that the asker may ask again, or not. */
  async #send<R>(call: () => Promise<R>, isRepeated = true, lost = NotLeading): Promise<R> {
    const { choices, faults } = this
    if (choices.chance(faults)) await sleep(choices.below(LATE_MS))
    if (choices.chance(faults)) throw new NotLeading('the request was lost')
    if (isRepeated && choices.chance(faults)) void sleep(choices.below(LATE_MS)).then(() => call().catch(() => {}))
    const answer = await call()
    if (choices.chance(faults)) throw new lost('the answer was lost')
    return answer
  }
}

function add(i: number, by: number): TransactAction {
  const values = { ExpressionAttributeValues: { ':by': N(by) } }
  return { table: TABLE, command: update(key(`account ${i}`, 1), { UpdateExpression: 'ADD balance :by', ...values }) }
}

function give(i: number, amount: number): TransactAction {
  const more = {
    UpdateExpression: 'SET balance = balance - :by',
    ConditionExpression: 'balance >= :by',
    ExpressionAttributeValues: { ':by': N(amount) },
  }
  return { table: TABLE, command: update(key(`account ${i}`, 1), more) }
}

function once(ledger: string): TransactAction {
  const more = { UpdateExpression: 'ADD times :one', ExpressionAttributeValues: { ':one': N(1) } }
  return { table: TABLE, command: update(key(ledger, 1), more) }
}

async function answerOf(request: Promise<unknown>): Promise<Transfer['answer']> {
  try {
    await request
    return 'done'
  } catch (error) {
    if (error instanceof NotLeading) return 'unknown'
    if (!(error instanceof DynamoError)) throw error
    return error.code === 'TransactionCanceledException' ? 'refused' : 'unknown'
  }
}

async function live(world: World, ms: number): Promise<void> {
  let going = true
  const workers = Array.from({ length: WORKERS }, async () => {
    const coordinator = world.coordinator()
    while (going) await world.transfer(coordinator)
  })
  const end = clock.monotonic() + ms
  while (clock.monotonic() < end) {
    await sleep(world.choices.below(6000))
    await world.crash(world.choices.pick(SLICES).id)
  }
  going = false
  await Promise.all(workers)
  // Whatever was late comes.
  await sleep(2 * LATE_MS)
  world.faults = 0
}

async function nothingHeld({ town }: World): Promise<void> {
  for (let turn = 0; turn < 200; turn++) {
    const held = [...town.partitions.values()].flatMap(({ store }) => store.transactions.prepared())
    if (held.length === 0) return
    await sleep(500)
  }
  throw new Error('something is held for ever')
}

for (const seed of [1, 2, Date.now() % 100_000]) {
  test(`whatever is lost, repeated, late or killed (seed ${seed})`, async t => {
    const world = new World(t, seed)
    for (const { id } of SLICES) await world.town.build(id)
    for (let i = 0; i < ACCOUNTS; i++) {
      const account = put({ ...key(`account ${i}`, 1), balance: N(OPENING) })
      await world.town.partitions.get(sliceOf(SLICES, account.key).id)!.leader.write(account)
    }
    await live(world, 1500)
    await nothingHeld(world)
    const balances = Array.from({ length: ACCOUNTS }, (_, i) =>
      Number(world.item(add(i, 0).command as WriteCommand)!.balance!.N),
    )
    t.is(
      balances.reduce((sum, balance) => sum + balance, 0),
      ACCOUNTS * OPENING,
    )
    const times = (ledger: string) => world.item(once(ledger).command as WriteCommand)?.times?.N
    for (const { ledger, answer } of world.transfers) {
      if (answer === 'done') t.is(times(ledger), '1', ledger)
      else if (answer === 'refused') t.is(times(ledger), undefined, ledger)
      else t.true([undefined, '1'].includes(times(ledger)), ledger)
    }
    const of = (answer: Transfer['answer']) => world.transfers.filter(transfer => transfer.answer === answer).length
    t.log(`${of('done')} done, ${of('refused')} refused, ${of('unknown')} unknown`)
    t.true(of('done') > 5)
  })
}
