import test from 'ava'
import { hashOfRow } from '../../../server/codec/key.ts'
import type { PartitionSlice } from '../../../server/model/table.ts'
import { expectedRows, texts } from '../partition/expected.ts'
import { ALL_HASHES, BY_OWNER, INDEXED, item, key, N, partitionSchema, put, remove, S } from '../partition/given.ts'
import { GatedLog, lead, NotedIndexes, settled, until, watch } from './fakes.ts'

const slices: PartitionSlice[] = [
  { id: 'low', from: 0, to: 2 ** 31 },
  { id: 'high', from: 2 ** 31, to: 2 ** 32 },
]
const halves = partitionSchema(INDEXED, { [BY_OWNER.id]: slices })
const whole = partitionSchema(INDEXED, { [BY_OWNER.id]: [{ id: 'all', ...ALL_HASHES }] })
const owned = (s: number, owner = `owner ${s}`, more = {}) => item('a', s, { owner: S(owner), date: S('d'), ...more })

test('rows come to the partition that their hash belongs to, each once, in order', async t => {
  const { leader, indexes } = await lead({ schema: halves })
  const items = Array.from({ length: 200 }, (_, s) => owned(s))
  for (let s = 0; s < 200; s += 20) await Promise.all(items.slice(s, s + 20).map(item => leader.write(put(item))))
  await leader.fed(BY_OWNER.id)
  const found = slices.map(({ id }) => indexes.rows(id))
  t.is(found[0]!.size + found[1]!.size, 200)
  for (const [index, { from, to }] of slices.entries()) {
    for (const name of found[index]!.keys()) {
      const hash = hashOfRow(Buffer.from(name, 'hex'))
      t.true(hash >= from && hash < to)
    }
  }
  for (const feeds of indexes.feeds.values()) {
    const positions = feeds.map(({ position }) => position)
    t.deepEqual(
      positions,
      [...new Set(positions)].sort((a, b) => a - b),
    )
  }
  t.deepEqual(texts(found.flatMap(rows => [...rows.values()])), texts(expectedRows(BY_OWNER, items)))
})

test('a row that changes its key leaves the one partition and comes to the other', async t => {
  const { leader, indexes } = await lead({ schema: halves })
  for (let turn = 0; turn < 10; turn++) await leader.write(put(owned(1, `owner ${turn}`)))
  await leader.fed(BY_OWNER.id)
  t.is(
    slices.reduce((sum, { id }) => sum + indexes.rows(id).size, 0),
    1,
  )
  await leader.write(remove(key('a', 1)))
  await leader.fed(BY_OWNER.id)
  t.is(
    slices.reduce((sum, { id }) => sum + indexes.rows(id).size, 0),
    0,
  )
})

test('while an index partition is away its rows wait; nothing is lost, and nothing trimmed', async t => {
  const { leader, indexes, log } = await lead({ schema: whole })
  await leader.write(put(owned(1)))
  await leader.fed(BY_OWNER.id)
  const before = log.end()
  indexes.away = true
  await leader.write(put(owned(2)))
  await leader.write(put(owned(2, 'other')))
  const fed = watch(leader.fed(BY_OWNER.id)!)
  await settled()
  t.is(fed.outcome, 'pending')
  t.is(leader.acknowledged(), before)
  indexes.away = false
  await until(() => fed.outcome === 'done')
  t.is(leader.acknowledged(), log.end())
  t.deepEqual([...indexes.rows('all').values()].map(row => row.owner!.S).sort(), ['other', 'owner 1'])
})

test('entries that mean nothing to an index are acknowledged all the same', async t => {
  const { leader, log } = await lead({ schema: whole })
  await leader.write(put(item('a', 1)))
  await until(() => leader.acknowledged() === log.end())
  t.is(leader.fed(BY_OWNER.id), undefined)
})

test('a new leader goes on from what the index partition has taken in, and repeats nothing', async t => {
  const indexes = new NotedIndexes()
  const first = await lead({ schema: whole, indexes })
  await first.leader.write(put(owned(1)))
  await first.leader.fed(BY_OWNER.id)
  indexes.away = true
  await first.leader.write(put(owned(2)))
  await first.leader.write(put(owned(1, 'other')))
  first.leader.stop('gone')
  indexes.away = false
  const log = new GatedLog(first.log.inner)
  const second = await lead({ log, store: first.store, indexes })
  await second.leader.write(put(owned(3)))
  await second.leader.fed(BY_OWNER.id)
  const fed = indexes.feeds.get('all')!
  const rows = fed.flatMap(({ position, rows }) => rows.map(() => position))
  t.is(rows.length, 5, 'one, two, one removed and put again, three')
  t.deepEqual([...indexes.rows('all').values()].map(row => row.owner!.S).sort(), ['other', 'owner 2', 'owner 3'])
})

test('partitions that take over get what those before them did not, and nothing else', async t => {
  const { leader, indexes } = await lead({ schema: whole })
  const names = (s: number) => Array.from({ length: 20 }, (_, i) => `owner ${s} ${i}`)
  const write = (s: number) => Promise.all(names(s).map((owner, i) => leader.write(put(owned(100 * s + i, owner)))))
  await write(1)
  await leader.fed(BY_OWNER.id)
  indexes.away = true
  await write(2)
  await leader.adopt({ ...halves, version: whole.version + 1 })
  await write(3)
  indexes.away = false
  await leader.fed(BY_OWNER.id)
  const owners = slices.flatMap(({ id }) => [...indexes.rows(id).values()].map(row => row.owner!.S!))
  t.deepEqual(owners.sort(), [...names(2), ...names(3)].sort())
  for (const { id } of slices) t.true(indexes.rows(id).size > 0)
})

test('an index that comes later is fed nothing of before: its rows are made', async t => {
  const { leader, indexes } = await lead({ schema: partitionSchema(INDEXED, {}) })
  await leader.write(put(owned(1)))
  await leader.adopt({ ...whole, version: whole.version + 1 })
  await leader.write(put(owned(2)))
  await leader.fed(BY_OWNER.id)
  t.deepEqual(
    [...indexes.rows('all').values()].map(row => row.owner!.S),
    ['owner 2'],
  )
})

test('a leader that was stopped feeds nothing more', async t => {
  const { leader, indexes } = await lead({ schema: whole })
  indexes.away = true
  await leader.write(put(owned(1)))
  const fed = leader.fed(BY_OWNER.id)
  leader.stop('gone')
  await fed
  indexes.away = false
  await new Promise(resolve => setTimeout(resolve, 150))
  t.is(indexes.rows('all').size, 0)
})

test('when an index is slow, writes wait in the end, and go on when it has caught up', async t => {
  const { leader, indexes } = await lead({ schema: whole })
  let release = () => {}
  indexes.slow = new Promise(resolve => (release = resolve))
  const big = { x: S('x'.repeat(190_000)) }
  let written = 0
  const writer = async (first: number) => {
    for (let s = first; s < 260; s += 10) {
      await leader.write(put(owned(s, 'owner', big)))
      written += 1
    }
  }
  const writers = Array.from({ length: 10 }, (_, first) => writer(first))
  await until(() => written > 150)
  await new Promise(resolve => setTimeout(resolve, 200))
  t.true(written < 230, `${written} of 260 were let in`)
  release()
  await Promise.all(writers)
  await leader.fed(BY_OWNER.id)
  t.is(indexes.rows('all').size, 260)
  t.true(
    indexes.feeds.get('all')!.every(({ rows }) => rows.length <= 10),
    'no feed of more bytes than it should have',
  )
})

test('an index that is gone from the schema is fed no more, and holds nothing up', async t => {
  const { leader, indexes, log } = await lead({ schema: whole })
  indexes.away = true
  await leader.write(put(owned(1)))
  await leader.adopt({ ...partitionSchema(INDEXED), version: 2 })
  await leader.write(put(owned(2, 'x', { y: N(1) })))
  await settled()
  t.true(leader.acknowledged() >= log.end())
  t.is(leader.fed(BY_OWNER.id), undefined)
})
