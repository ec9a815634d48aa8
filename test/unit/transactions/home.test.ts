import test, { type ExecutionContext } from 'ava'
import type { Action, CommitRequest } from '../../../server/partition/transaction.ts'
import { item, key, N, put, remove, S, update } from '../partition/given.ts'
import { settled, until, watch } from '../replica/fakes.ts'
import { checkOf, codes, commitOf, movableClock, Town } from './town.ts'

const IF_NEW = { ConditionExpression: 'attribute_not_exists(p)' }
const INCREMENT = { UpdateExpression: 'ADD n :one', ExpressionAttributeValues: { ':one': N(1) } }
const MINUTE = 60_000

/** A home, a participant, and the time, which the test moves. */
async function begin(t: ExecutionContext) {
  const time = movableClock()
  const town = new Town(t, time.clock)
  const home = await town.build('home')
  const other = await town.build('other')
  const prepared = async (transaction: string, ...actions: Action[]) => {
    const vote = await town.of('other').prepare({ transaction, home: 'home', actions })
    return { partition: 'other', ticket: vote.ticket! }
  }
  const began = () => time.clock.now()
  return { town, home, other, prepared, time, began }
}

const count = (home: { store: { reader: { get(key: Buffer): { json: string } | undefined } } }) =>
  JSON.parse(home.store.reader.get(put(item('a', 1)).key)?.json ?? '{}').n?.N

test('a transaction of one partition is one entry, and takes all or nothing', async t => {
  const { town, home } = await begin(t)
  const end = home.log.end()
  const actions = [put(item('a', 1)), remove(key('a', 2)), put(item('a', 3))]
  t.is((await town.of('home').commit(commitOf('t1', actions))).kind, 'committed')
  t.is(home.log.end(), end + 1)
  t.is(home.leader.statistics().items, 2)
  const answer = await town.of('home').commit(commitOf('t2', [put(item('b', 1)), put(item('a', 1), IF_NEW)]))
  t.deepEqual(answer.kind === 'refused' && codes(answer), ['ok', 'ConditionalCheckFailed'])
  t.is(home.log.end(), end + 1)
  t.is(home.leader.statistics().items, 2)
})

test('it follows writes under way, and they follow it', async t => {
  const { town, home } = await begin(t)
  home.log.close()
  const before = watch(home.leader.write(update(key('a', 1), INCREMENT)))
  const commit = watch(town.of('home').commit(commitOf('t1', [update(key('a', 1), INCREMENT)])))
  const after = watch(home.leader.write(update(key('a', 1), INCREMENT)))
  await settled()
  t.deepEqual([before.outcome, commit.outcome, after.outcome], ['pending', 'pending', 'pending'])
  await home.log.pass()
  await until(() => after.outcome === 'done')
  t.deepEqual([before.outcome, commit.outcome, count(home)], ['done', 'done', '3'])
})

test('a commit that is repeated is done once', async t => {
  const { town, home, prepared, began } = await begin(t)
  const participants = [await prepared('t1', put(item('o', 1)))]
  const request = commitOf('t1', [update(key('a', 1), INCREMENT)], { participants, began: began() })
  const answers = await Promise.all([1, 2, 3].map(() => town.of('home').commit(request)))
  answers.push(await town.of('home').commit(request))
  t.deepEqual(
    answers.map(({ kind }) => kind),
    Array(4).fill('committed'),
  )
  t.is(count(home), '1')
  await town.kill('home')
  t.is((await (await town.restart('home')).leader.transactions.commit(request)).kind, 'committed')
  t.is(count(home), '1')
})

test('who asks before the commit makes it impossible, for good', async t => {
  const { town, home, prepared, began } = await begin(t)
  const participant = await prepared('t1', put(item('o', 1)))
  const end = home.log.end()
  t.is(await town.of('home').outcome('t1', participant), 'aborted')
  t.is(home.log.end(), end + 1)
  const request = commitOf('t1', [put(item('a', 1))], { participants: [participant], began: began() })
  t.is((await town.of('home').commit(request)).kind, 'aborted')
  await town.kill('home')
  await town.restart('home')
  t.is((await town.of('home').commit(request)).kind, 'aborted')
  t.is(town.item('home', put(item('a', 1))), undefined)
})

test('who asks while the decision is on its way hears of it', async t => {
  const { town, home, prepared, began } = await begin(t)
  const participant = await prepared('t1', put(item('o', 1)))
  home.log.close()
  const request = commitOf('t1', [put(item('a', 1))], { participants: [participant], began: began() })
  const commit = watch(town.of('home').commit(request))
  await settled()
  const asked = town.of('home').outcome('t1', participant)
  await settled()
  t.is(commit.outcome, 'pending')
  await home.log.pass()
  t.like(await asked, { committed: home.store.transactions.decision('t1')!.time })
})

test('a transaction that is being worked on is not aborted by who asks; one that is not any more is', async t => {
  const { town, time, prepared } = await begin(t)
  const participant = await prepared('t1', put(item('o', 1)))
  await town.of('home').check(checkOf('t1', [put(item('a', 1))]))
  t.is(await town.of('home').outcome('t1', participant), 'running')
  time.advance(11_000)
  t.is(await town.of('home').outcome('t1', participant), 'aborted')
  await town.of('home').check(checkOf('t2', [put(item('a', 1))]))
  town.of('home').abandon('t2')
  t.is(await town.of('home').outcome('t2', participant), 'aborted')
})

test('a commit that was refused is refused for good, when its participants are let go', async t => {
  const { town, home, prepared, began } = await begin(t)
  const participants = [await prepared('t1', put(item('o', 1)))]
  await home.leader.write(put(item('a', 1)))
  const request = commitOf('t1', [put(item('a', 1), IF_NEW)], { participants, began: began() })
  t.is((await town.of('home').commit(request)).kind, 'refused')
  await home.leader.write(remove(key('a', 1)))
  t.is((await town.of('home').commit(request)).kind, 'aborted')
})

test('a commit that comes very late is refused', async t => {
  const { town, time, prepared, began } = await begin(t)
  const participants = [await prepared('t1', put(item('o', 1)))]
  const request = commitOf('t1', [put(item('a', 1))], { participants, began: began() })
  time.advance(6 * MINUTE)
  t.is((await town.of('home').commit(request)).kind, 'aborted')
})

test('a prepare that is repeated after the commit is no part of it', async t => {
  const { town, other, prepared, began } = await begin(t)
  const first = await prepared('t1', update(key('a', 1), INCREMENT))
  await town.of('home').commit(commitOf('t1', [put(item('h', 1))], { participants: [first], began: began() }))
  await town.of('other').resolve({ transaction: 't1', ticket: first.ticket }, { committed: 1 })
  const second = await prepared('t1', update(key('a', 1), INCREMENT))
  t.not(second.ticket, first.ticket)
  t.is(await town.of('home').outcome('t1', second), 'aborted')
  await until(() => other.store.transactions.prepared().length === 0, 5000)
  t.is(count(other), '1')
})

const tokenPart = (request: string, places: number[] = [0]): CommitRequest['token'] => ({
  token: 'token',
  request,
  units: places.map(() => 0),
  places,
})

test('a token is for one commit, and remembered over a restart, for ten minutes', async t => {
  const { town, home, time } = await begin(t)
  const big = put(item('b', 1, { x: S('x'.repeat(5000)) }))
  const commit = (transaction: string, request = 'same') =>
    town
      .of('home')
      .commit(commitOf(transaction, [update(key('a', 1), INCREMENT), big], { token: tokenPart(request, [0, 1]) }))
  t.is((await commit('t1')).kind, 'committed')
  t.deepEqual(await commit('t2'), { kind: 'replayed', units: [1, 2] })
  t.deepEqual(await commit('t3', 'another'), { kind: 'mismatch' })
  t.deepEqual(town.of('home').token({ token: 'token', request: 'same' }), { kind: 'replayed', units: [1, 2] })
  await town.kill('home')
  await town.restart('home', true)
  t.deepEqual(await commit('t4'), { kind: 'replayed', units: [1, 2] })
  t.is(count(town.partitions.get('home')!), '1')
  time.advance(10 * MINUTE)
  t.is(town.of('home').token({ token: 'token', request: 'same' }), undefined)
  t.is((await commit('t5', 'another')).kind, 'committed')
  t.is(count(town.partitions.get('home')!), '2')
  t.truthy(home)
})

test('of two commits with one token at once, one is done', async t => {
  const { town, home } = await begin(t)
  home.log.close()
  const commit = (transaction: string) =>
    town.of('home').commit(commitOf(transaction, [update(key('a', 1), INCREMENT)], { token: tokenPart('same') }))
  const first = commit('t1')
  await settled()
  t.deepEqual(await commit('t2'), { kind: 'running' })
  t.deepEqual(town.of('home').token({ token: 'token', request: 'same' }), { kind: 'running' })
  await home.log.pass()
  t.is((await first).kind, 'committed')
  t.is(count(home), '1')
})

test('a token is taken from the check on, until the coordinator gives up, or is dead', async t => {
  const { town, time } = await begin(t)
  const token = { token: 'token', request: 'same' }
  const check = (transaction: string) => town.of('home').check(checkOf(transaction, [put(item('a', 1))], { token }))
  t.is((await check('t1')).kind, 'checked')
  t.is((await check('t1')).kind, 'checked')
  t.is((await check('t2')).kind, 'running')
  town.of('home').abandon('t1')
  t.is((await check('t2')).kind, 'checked')
  t.is((await check('t3')).kind, 'running')
  time.advance(11_000)
  t.is((await check('t3')).kind, 'checked')
})

test('decisions and tokens are forgotten in the end, but not while a participant holds its prepare', async t => {
  const time = movableClock()
  const sweeps: (() => void)[] = []
  const after = (ms: number, task: () => void) => {
    if (ms < MINUTE) return time.clock.after(ms, task)
    sweeps.push(task)
    return () => {}
  }
  const town = new Town(t, { ...time.clock, after })
  const [home, other] = [await town.build('home'), await town.build('other')]
  const sweep = async () => {
    for (const task of sweeps.splice(0)) task()
    for (let i = 0; i < 10; i++) await settled()
  }
  const decide = async (transaction: string) => {
    const { ticket } = await town
      .of('other')
      .prepare({ transaction, home: 'home', actions: [put(item(transaction, 1))] })
    const participants = [{ partition: 'other', ticket: ticket! }]
    const more = { participants, began: time.clock.now(), token: { ...tokenPart('same')!, token: transaction } }
    await town.of('home').commit(commitOf(transaction, [put(item('h', 1))], more))
    return { transaction, ticket: ticket! }
  }
  const known = () => home.store.transactions.decisions(0, 99).map(({ transaction }) => transaction)
  town.away.add('home')
  const [first] = [await decide('t1'), await decide('t2')]
  await town.of('other').resolve(first, { committed: 1 })
  await sweep()
  t.deepEqual(known(), ['t1', 't2'], 'too young')
  time.advance(10 * MINUTE + 1)
  const third = await decide('t3')
  await town.of('other').resolve(third, { committed: 1 })
  await sweep()
  t.deepEqual(known(), ['t2', 't3'], 'one is held, one too young')
  t.deepEqual(
    ['t1', 't3'].map(token => home.store.transactions.token(token) !== undefined),
    [false, true],
  )
  const closed = watch(town.of('home').settled())
  await settled()
  t.is(closed.outcome, 'pending')
  town.away.delete('home')
  await until(() => other.store.transactions.prepared().length === 0)
  await until(() => closed.outcome === 'done')
  time.advance(10 * MINUTE + 1)
  await sweep()
  t.deepEqual(known(), [])
  t.true(home.store.transactions.isEmpty())
})
