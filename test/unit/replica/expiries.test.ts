/** The leader's side of times to live. */
import test, { type ExecutionContext } from 'ava'
import type { Item } from '../../../server/model/item.ts'
import { expired, expiryOf } from '../../../server/partition/expiry.ts'
import { ALL_HASHES, BY_PHASE, item, key, N, PLAIN, partitionSchema, put, remove, S } from '../partition/given.ts'
import { movableClock } from '../transactions/town.ts'
import { type LedPartition, lead, settled, until } from './fakes.ts'

const TABLE = { ...PLAIN, timeToLive: 'at', stream: { label: 's', viewType: 'NEW_AND_OLD_IMAGES' as const } }
const WITH = partitionSchema(TABLE)

const now = () => Math.floor(Date.now() / 1000)
const write = (name: string, at?: number) => put(item(name, 1, at === undefined ? {} : { at: N(at) }))

async function ledWith(t: ExecutionContext, options: Parameters<typeof lead>[0] = {}): Promise<LedPartition> {
  const led = await lead({ schema: WITH, ...options })
  t.teardown(() => led.leader.stop('the test is over'))
  return led
}

const left = ({ store }: LedPartition) => {
  const page = store.reader.range(undefined, { from: Buffer.of(0), to: Buffer.alloc(9, 255), maxBytes: 1e9 })
  return page.rows.map(({ json }) => (JSON.parse(json) as Item).p!.S).sort()
}

/** @returns how many items went */
async function sweep({ leader }: LedPartition): Promise<number> {
  let deleted = 0
  await leader.expiries.sweep(items => (deleted += items))
  return deleted
}

test('when an item expires', t => {
  const of = (value: Item[string]) => expiryOf({ at: value }, 'at')
  t.is(of(N(100)), 100)
  t.is(of({ N: '100.9' }), 100)
  t.is(of({ N: '-0.5' }), -1)
  for (const value of [S('100'), { N: '1E100' }, { L: [N(1)] }, { NS: ['1'] }, { BOOL: true }])
    t.is(of(value), undefined)
  t.is(expiryOf({}, 'at'), undefined)
  t.is(expiryOf({}, '__proto__'), undefined)
  t.is(expiryOf({}, 'constructor'), undefined)
  const { from, before } = expired(1_700_000_000_999)
  t.is(before, 1_700_000_000, 'the second must be over')
  t.is(before - from, 5 * 365 * 86_400)
})

test('what has expired is deleted as the service does it, once, and nothing else', async t => {
  const led = await ledWith(t)
  const { leader } = led
  for (let i = 0; i < 130; i++) void leader.write(write(`over ${i}`, now() - 10 - i))
  void leader.write(write('later', now() + 100))
  void leader.write(write('ancient', 1000))
  await leader.write(write('never'))
  t.is(await sweep(led), 130)
  t.deepEqual(left(led), ['ancient', 'later', 'never'])
  t.is(await sweep(led), 0)
  const { rows } = leader.changes.read({ label: 's', from: 0n, limit: 1000, maxBytes: 1e9 })!
  const removed = rows.filter(({ after }) => after === undefined)
  t.deepEqual([removed.length, removed.every(({ byService }) => byService)], [130, true])
  t.true(rows.filter(({ after }) => after !== undefined).every(({ byService }) => !byService))
})

test('an item that expires by a later write stays, though the index does not know it yet', async t => {
  const led = await ledWith(t)
  const { leader, log } = led
  for (const name of ['moved', 'gone', 'cleared', 'over']) await leader.write(write(name, now() - 10))
  log.close()
  const writes = [
    leader.write(write('moved', now() + 100)),
    leader.write(remove(key('gone', 1))),
    leader.write(write('cleared')),
  ]
  const sweeping = sweep(led)
  await settled()
  await log.pass()
  t.is(await sweeping, 1)
  await Promise.all(writes)
  t.deepEqual(left(led), ['cleared', 'moved'])
})

test('an item that a transaction holds stays until it is released', async t => {
  const led = await ledWith(t)
  const { leader } = led
  for (const name of ['held', 'over']) await leader.write(write(name, now() - 10))
  const { ticket } = await leader.transactions.prepare({
    transaction: 't',
    home: 'h',
    actions: [write('held', now() + 100)],
  })
  t.is(await sweep(led), 1)
  t.deepEqual(left(led), ['held'])
  await leader.transactions.resolve({ transaction: 't', ticket: ticket! }, { committed: 1 })
  t.is(await sweep(led), 0)
  t.deepEqual(left(led), ['held'])
})

test('times pass by the clock', async t => {
  const { clock, advance } = movableClock()
  const led = await ledWith(t, { clock })
  await led.leader.write(write('a', now() + 1000))
  t.is(await sweep(led), 0)
  advance(1_002_000)
  t.is(await sweep(led), 1)
})

test('rows of indexes go too', async t => {
  const routes = { [BY_PHASE.id]: [{ id: 'target', ...ALL_HASHES }] }
  const led = await ledWith(t, { schema: partitionSchema({ ...TABLE, indexes: [BY_PHASE] }, routes) })
  await led.leader.write(put(item('a', 1, { at: N(now() - 5), phase: S('x') })))
  await until(() => led.indexes.rows('target').size === 1)
  await sweep(led)
  await until(() => led.indexes.rows('target').size === 0)
  t.pass()
})

test('older items are found, page by page, beside writes, and by a new leader where the last one was', async t => {
  const led = await ledWith(t, { schema: partitionSchema(PLAIN) })
  const { leader, log, store } = led
  for (let i = 0; i < 700; i++) void leader.write(write(`${i}`, now() + (i % 2 ? -10 : 100)))
  await leader.write(write('x'))
  await leader.adopt(partitionSchema(TABLE, {}, { version: 2 }))
  const building = leader.build()
  for (let i = 0; i < 700; i += 7) void leader.write(write(`${i}`, now() + (i % 2 ? 100 : -10)))
  await until(() => store.reader.document('expiries') !== undefined)
  leader.stop('moved')
  await building.catch(() => {})
  const next = await lead({ log, store, schema: partitionSchema(TABLE, {}, { version: 2 }) })
  t.teardown(() => next.leader.stop('the test is over'))
  await next.leader.build()
  t.deepEqual(store.reader.document('expiries'), { done: true })
  await sweep(next)
  const items = left(next)
  const page = store.reader.range(undefined, { from: Buffer.of(0), to: Buffer.alloc(9, 255), maxBytes: 1e9 })
  t.true(page.rows.every(({ json }) => Number((JSON.parse(json) as Item).at?.N ?? now() + 1) > now()))
  t.true(items.length >= 300 && items.length <= 402)
  const other = partitionSchema({ ...TABLE, timeToLive: 'other' }, {}, { version: 3 })
  await next.leader.adopt(other)
  t.is(store.reader.document('expiries'), undefined)
  t.deepEqual(store.expiries.due({ key: Buffer.alloc(0), expires: 0 }, 2 ** 40, 1000), [])
})
