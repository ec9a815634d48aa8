import test, { type ExecutionContext } from 'ava'
import { LogUnavailable } from '../../../server/log/log.ts'
import type { DynamoError } from '../../../server/model/errors.ts'
import { NotLeading } from '../../../server/replica/pipeline.ts'
import { expectedRows, texts } from '../partition/expected.ts'
import {
  ALL_HASHES,
  BY_OWNER,
  INDEXED,
  item,
  key,
  N,
  partitionSchema,
  put,
  remove,
  S,
  update,
} from '../partition/given.ts'
import { settled, until, watch } from '../replica/fakes.ts'
import { checkOf, codes, commitOf, Town } from './town.ts'

const IF_NEW = { ConditionExpression: 'attribute_not_exists(p)' }
const INCREMENT = { UpdateExpression: 'ADD n :one', ExpressionAttributeValues: { ':one': N(1) } }

async function begin(t: ExecutionContext) {
  const town = new Town(t)
  const home = await town.build('home')
  const other = await town.build('other')
  const prepare = (transaction: string, ...actions: Parameters<typeof other.leader.write>[0][]) =>
    town.of('other').prepare({ transaction, home: 'home', actions })
  return { town, home, other, prepare }
}

test('what is prepared is held: writes and transactions are refused, reads wait, the rest goes on', async t => {
  const { town, other, prepare } = await begin(t)
  await other.leader.write(put(item('a', 1)))
  const vote = await prepare('t1', put(item('a', 1, { x: S('new') })), remove(key('a', 2)))
  t.truthy(vote.ticket)
  for (const command of [put(item('a', 1)), update(key('a', 2), INCREMENT), remove(key('a', 1))]) {
    const error = await t.throwsAsync<DynamoError>(other.leader.write(command))
    t.deepEqual([error.code, error.message], ['TransactionConflictException', 'Transaction is ongoing for the item'])
  }
  t.deepEqual(codes(await prepare('t2', put(item('b', 1)), put(item('a', 1)))), ['ok', 'TransactionConflict'])
  const commit = await town.of('other').commit(commitOf('t3', [put(item('a', 1))]))
  t.deepEqual(commit.kind === 'refused' && codes(commit), ['TransactionConflict'])
  t.deepEqual(codes((await town.of('other').check(checkOf('t4', [put(item('a', 2))]))) as never), [
    'TransactionConflict',
  ])
  await other.leader.write(put(item('b', 1)))
  const read = watch(Promise.resolve(other.leader.get(put(item('a', 1)).key)))
  const patient = watch(other.leader.write({ ...put(item('a', 2)), patient: true }))
  await settled()
  t.deepEqual([read.outcome, patient.outcome], ['pending', 'pending'])
  t.deepEqual(town.of('other').read([put(item('b', 1)).key, put(item('a', 1)).key], false), { held: [1] })
  await town.of('other').resolve({ transaction: 't1', ticket: vote.ticket! }, { committed: 1 })
  await until(() => read.outcome === 'done' && patient.outcome === 'done')
  t.deepEqual(town.item('other', put(item('a', 1))), item('a', 1, { x: S('new') }))
  await other.leader.write(put(item('a', 1)))
})

test('an item is held from the evaluation on, before the prepare is durable', async t => {
  const { other, prepare } = await begin(t)
  other.log.close()
  const vote = watch(prepare('t1', put(item('a', 1))))
  await settled()
  await t.throwsAsync(other.leader.write(put(item('a', 1))), { name: 'TransactionConflictException' })
  t.is(vote.outcome, 'pending')
  await other.log.pass()
  await until(() => vote.outcome === 'done')
})

test('a prepare follows the writes under way, and is lost with them', async t => {
  const { other, prepare } = await begin(t)
  other.log.close()
  const write = watch(other.leader.write(put(item('a', 1))))
  const refused = watch(prepare('t1', put(item('a', 1), IF_NEW)))
  const held = watch(prepare('t2', update(key('a', 1), { ...INCREMENT, ConditionExpression: 'attribute_exists(p)' })))
  await settled()
  t.deepEqual([write.outcome, refused.outcome, held.outcome], ['pending', 'pending', 'pending'])
  await other.log.lose(new LogUnavailable('lost'))
  await until(() => refused.outcome !== 'pending' && held.outcome !== 'pending')
  for (const { outcome } of [write, refused, held]) t.true(outcome instanceof NotLeading)
})

test('nothing of an aborted prepare is left', async t => {
  const { town, other, prepare } = await begin(t)
  await other.leader.write(put(item('a', 1)))
  const vote = await prepare('t1', remove(key('a', 1)), put(item('a', 2)))
  await town.of('other').resolve({ transaction: 't1', ticket: vote.ticket! }, 'aborted')
  t.deepEqual([town.item('other', put(item('a', 1))), town.item('other', put(item('a', 2)))], [item('a', 1), undefined])
  t.deepEqual(other.store.transactions.prepared(), [])
  await other.leader.write(put(item('a', 2)))
  t.is(other.leader.statistics().items, 2)
})

test('a resolution that comes twice, or with another ticket, does nothing', async t => {
  const { town, other, prepare } = await begin(t)
  const vote = await prepare('t1', update(key('a', 1), INCREMENT))
  await town.of('other').resolve({ transaction: 't1', ticket: 'another' }, { committed: 1 })
  t.is(town.item('other', put(item('a', 1))), undefined)
  const held = { transaction: 't1', ticket: vote.ticket! }
  const end = other.log.end()
  await Promise.all([1, 2, 3].map(() => town.of('other').resolve(held, { committed: 1 })))
  await town.of('other').resolve(held, 'aborted')
  t.is(other.log.end(), end + 1)
  t.deepEqual(town.item('other', put(item('a', 1))), item('a', 1, { n: N(1) }))
})

for (const loseFile of [false, true]) {
  test(`a new leader holds what the last one held, and finds out what became of it${loseFile ? ', from the log alone' : ''}`, async t => {
    const { town, prepare } = await begin(t)
    const committed = await prepare('t1', put(item('a', 1)))
    await prepare('t2', put(item('b', 1)))
    const participants = [{ partition: 'other', ticket: committed.ticket! }]
    await town.of('home').commit(commitOf('t1', [put(item('h', 1))], { participants }))
    town.away.add('home')
    await town.kill('other')
    const other = await town.restart('other', loseFile)
    const read = watch(Promise.resolve(other.leader.get(put(item('a', 1)).key)))
    await t.throwsAsync(other.leader.write(put(item('b', 1))), { name: 'TransactionConflictException' })
    await settled()
    t.is(read.outcome, 'pending')
    town.away.delete('home')
    await until(() => other.store.transactions.prepared().length === 0)
    t.deepEqual(town.item('other', put(item('a', 1))), item('a', 1))
    t.is(town.item('other', put(item('b', 1))), undefined)
    await other.leader.write(put(item('b', 1)))
    const late = await town.of('home').commit(commitOf('t2', [put(item('h', 2))], { participants }))
    t.is(late.kind, 'aborted')
  })
}

test('a participant that is not told finds out', async t => {
  const { town, other, prepare } = await begin(t)
  await prepare('t1', put(item('a', 1)))
  await until(() => other.store.transactions.prepared().length === 0, 5000)
  t.is(town.item('other', put(item('a', 1))), undefined)
  t.is(town.partitions.get('home')!.store.transactions.decision('t1')?.outcome, 'aborted')
})

test('a home that is gone for good has not committed', async t => {
  const { town, prepare } = await begin(t)
  await prepare('t1', put(item('a', 1)))
  town.away.add('home')
  town.gone.add('home')
  await town.kill('other')
  const other = await town.restart('other')
  await until(() => other.store.transactions.prepared().length === 0)
  t.is(town.item('other', put(item('a', 1))), undefined)
})

test('a read of an item whose transaction can not be decided fails when the leader stops', async t => {
  const { other, prepare } = await begin(t)
  await prepare('t1', put(item('a', 1)))
  const read = watch(Promise.resolve(other.leader.get(put(item('a', 1)).key)))
  other.leader.stop('gone')
  await until(() => read.outcome !== 'pending')
  t.true(read.outcome instanceof NotLeading)
})

test('an index that comes while items are held gets what becomes of them, or not what does not fit it', async t => {
  const town = new Town(t)
  await town.build('home')
  const without = partitionSchema({ ...INDEXED, indexes: INDEXED.indexes.filter(index => index !== BY_OWNER) })
  const other = await town.build('other', without)
  const owned = (s: number, more = {}) => item('a', s, { owner: S('o'), date: S('d'), ...more })
  for (const s of [1, 2, 3, 4]) await other.leader.write(put(owned(s)))
  const actions = [
    put(owned(1, { owner: S('new') })),
    remove(key('a', 2)),
    update(key('a', 3), {
      UpdateExpression: 'SET #o = :n',
      ExpressionAttributeNames: { '#o': 'owner' },
      ExpressionAttributeValues: { ':n': N(5) },
    }),
    put(owned(5)),
  ]
  const vote = await town.of('other').prepare({ transaction: 't1', home: 'home', actions })
  t.deepEqual(codes(vote), ['ok', 'ok', 'ok', 'ok'])
  const route = { [BY_OWNER.id]: [{ id: 'all', ...ALL_HASHES }] }
  await other.leader.adopt(partitionSchema(INDEXED, route, { version: 2, backfill: [BY_OWNER.id] }))
  const building = other.leader.build()
  await settled()
  await town.of('other').resolve({ transaction: 't1', ticket: vote.ticket! }, { committed: 1 })
  await building
  await other.leader.fed(BY_OWNER.id)
  const page = other.store.reader.range(undefined, { from: Buffer.of(0), to: Buffer.alloc(9, 255), maxBytes: 1e9 })
  const items = page.rows.map(({ json }) => JSON.parse(json))
  t.is(items.length, 4)
  t.deepEqual(texts(other.indexes.rows('all').values()), texts(expectedRows(BY_OWNER, items)))
  t.is(other.indexes.rows('all').size, 3)
})

test('a partition whose table is going prepares and decides nothing more', async t => {
  const { town, other } = await begin(t)
  const schema = { ...other.applier.schema!, version: 2, closing: true }
  await other.leader.adopt(schema)
  const refused = { instanceOf: NotLeading, message: 'the table is going' }
  await t.throwsAsync(town.of('other').prepare({ transaction: 't', home: 'home', actions: [] }), refused)
  await t.throwsAsync(town.of('other').check(checkOf('t', [])), refused)
  await t.throwsAsync(town.of('other').commit(commitOf('t', [])), refused)
})
