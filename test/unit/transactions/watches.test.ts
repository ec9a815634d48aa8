import test, { type ExecutionContext } from 'ava'
import { Routes } from '../../../server/cluster/routes.ts'
import { readSnapshot } from '../../../server/cluster/snapshot.ts'
import { table } from '../cluster/given.ts'
import { item, key, put, remove, S } from '../partition/given.ts'
import { clock, settled, watch } from '../replica/fakes.ts'
import { commitOf, movableClock, Town } from './town.ts'

const keys = [1, 2, 3].map(s => put(item('a', s)).key)

async function begin(t: ExecutionContext) {
  const time = movableClock()
  const town = new Town(t, time.clock)
  await town.build('home')
  const { leader } = await town.build('other')
  return { town, time, leader, reads: leader.transactions }
}

async function readAndWatch({ reads }: Awaited<ReturnType<typeof begin>>): Promise<string> {
  const answer = reads.read(keys, true)
  return 'watch' in answer ? answer.watch! : 'held'
}

test('what is applied to a watched key is noticed, whatever else is written', async t => {
  const world = await begin(t)
  const { leader, reads } = world
  const first = await readAndWatch(world)
  await leader.write(put(item('b', 1)))
  t.deepEqual(reads.changed(first, keys), [])
  const second = await readAndWatch(world)
  await leader.write(put(item('a', 2)))
  t.deepEqual(reads.changed(second, keys), [1])
  const third = await readAndWatch(world)
  await leader.transactions.commit(commitOf('t', [remove(key('a', 2)), put(item('a', 3))]))
  t.deepEqual(reads.changed(third, keys), [1, 2])
})

test('a key that is held now, or was resolved since, is noticed', async t => {
  const world = await begin(t)
  const { reads } = world
  const first = await readAndWatch(world)
  const vote = await reads.prepare({ transaction: 't', home: 'home', actions: [put(item('a', 1, { x: S('y') }))] })
  t.deepEqual(reads.changed(first, keys), [0])
  t.deepEqual(reads.read(keys, true), { held: [0] })
  await reads.resolve({ transaction: 't', ticket: vote.ticket! }, 'aborted')
  const second = await readAndWatch(world)
  const again = await reads.prepare({ transaction: 'u', home: 'home', actions: [put(item('a', 1, { x: S('y') }))] })
  await reads.resolve({ transaction: 'u', ticket: again.ticket! }, { committed: 1 })
  t.deepEqual(reads.changed(second, keys), [0])
})

test('a watch ends when it is asked for, after a while, and with its leader', async t => {
  const world = await begin(t)
  const { town, time, reads } = world
  const all = [0, 1, 2]
  const first = await readAndWatch(world)
  t.deepEqual(reads.changed(first, keys), [])
  t.deepEqual(reads.changed(first, keys), all)
  const second = await readAndWatch(world)
  time.advance(11_000)
  await readAndWatch(world)
  t.deepEqual(reads.changed(second, keys), all)
  const third = await readAndWatch(world)
  await town.kill('other')
  const next = await town.restart('other')
  t.deepEqual(next.leader.transactions.changed(third, keys), all)
})

test('a read over partitions looks again when something changed in between, and gives up when it always does', async t => {
  const { town, leader } = await begin(t)
  const record = table({
    partitions: [
      { id: 'home', from: 0, to: 2 ** 31 },
      { id: 'other', from: 2 ** 31, to: 2 ** 32 },
    ],
  })
  const [low, high] = [Buffer.from('0000000001', 'hex'), Buffer.from('ff00000001', 'hex')]
  const gets = [low, high].map(key => ({ table: record, key }))
  const spoil = { ...put(item('a', 1)), key: high }
  await leader.write(spoil)
  let looks = 0
  let spoils = 2
  const find = (id: string) => {
    if (id === 'home') looks++
    const found = town.find(id)!
    const read = async (keys: Buffer[], watching: boolean) => {
      const answer = found.transactions.read(keys, watching)
      if (spoils-- > 0) await leader.write({ ...spoil, item: item('a', 1, { n: { N: `${spoils}` } }) } as typeof spoil)
      return answer
    }
    const transactions = { read, changed: found.transactions.changed.bind(found.transactions) }
    return { transactions } as unknown as ReturnType<ConstructorParameters<typeof Routes>[1]['find']>
  }
  const routes = new Routes({ find: () => record }, { find }, clock)
  const images = await readSnapshot(routes, clock, gets)
  t.is(images[0], undefined)
  t.truthy(images[1])
  t.true(looks > 1)
  spoils = Number.POSITIVE_INFINITY
  const error = await t.throwsAsync(readSnapshot(routes, clock, gets), { name: 'TransactionCanceledException' })
  t.regex(error.message, /\[None, TransactionConflict\]$/)
  const vote = await town.of('home').prepare({ transaction: 't', home: 'other', actions: [{ ...spoil, key: low }] })
  spoils = 0
  const reading = watch(readSnapshot(routes, clock, gets))
  await settled()
  t.is(reading.outcome, 'pending')
  await town.of('home').resolve({ transaction: 't', ticket: vote.ticket! }, { committed: 1 })
  t.is((await readSnapshot(routes, clock, gets)).filter(image => image).length, 2)
})
