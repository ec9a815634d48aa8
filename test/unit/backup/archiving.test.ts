import test from 'ava'
import { ARCHIVES } from '../../../server/backup/records.ts'
import { Damaged } from '../../../server/backup/sealed.ts'
import { item, put } from '../partition/given.ts'
import { archived, DAYS, live } from './archived.ts'
import { tableRecord } from './given.ts'

const DAY = 24 * 3600 * 1000

test('every moment since the first base can be had', async t => {
  const world = await archived()
  await world.round()
  const first = await world.record()
  const history = await live(world, 8, 1000)
  const { bases, latest } = await world.record()
  t.true(bases.length > 2)
  t.true(latest > history.at(-1)!.time)
  t.is(bases[0]!.time, first.bases[0]!.time)
  for (const { time, rows } of history) t.deepEqual(await world.at(time), rows)
  await t.throwsAsync(world.at(first.bases[0]!.time - 1), { instanceOf: Damaged })
})

test('entries are let go when they are archived, not before', async t => {
  const world = await archived()
  t.is(world.leader.acknowledged(), 0)
  await world.round()
  const before = world.leader.acknowledged()
  await world.leader.write(put(item('a', 1)))
  t.is(world.leader.acknowledged(), before)
  await world.round()
  t.is(world.leader.acknowledged(), world.applier.state.position)
})

test('what is older than the window goes, what the window needs stays', async t => {
  const world = await archived()
  const history = await live(world, 12, DAY / 2)
  const before = await world.names()
  const { bases } = await world.record()
  const begin = world.clock.time - DAYS * DAY
  t.true(bases[0]!.time <= begin || bases.length < 3)
  t.true(bases[1]!.time > begin - DAY)
  for (const { time, rows } of history) if (time >= bases[0]!.time) t.deepEqual(await world.at(time), rows)
  // The last base before the window stays, and the one that is new.
  world.clock.time += 30 * DAY
  await world.round()
  world.clock.time += 30 * DAY
  await world.round()
  const after = await world.names()
  t.true(after.length < before.length)
  t.is((await world.record()).bases.length, 1)
  t.deepEqual(await world.at(world.clock.time - DAY), history.at(-1)!.rows)
})

test('nothing is swept while a table is restored from the archive', async t => {
  const world = await archived()
  await live(world, 4, DAY)
  const { bases } = await world.record()
  const filling = { kind: 'archive' as const, tableId: 'plain', archive: 'archive-1', tableArn: '', time: 0 }
  world.tables.set('Copy', tableRecord({ id: 'copy', name: 'Copy', status: 'CREATING', filling }))
  world.clock.time += 30 * DAY
  await world.round()
  t.true((await world.record()).bases.length >= bases.length)
  world.tables.delete('Copy')
  world.clock.time += 30 * DAY
  await world.round()
  t.is((await world.record()).bases.length, 1)
})

test('an archive that nobody has any more is removed', async t => {
  const world = await archived()
  await live(world, 2, 1000)
  const { pointInTimeRecovery: _, ...table } = world.tables.get('Plain')!
  world.tables.set('Plain', table)
  await world.round()
  t.deepEqual(await world.names(), [])
  t.deepEqual(await world.metadata.list(ARCHIVES), [])
})

test('entries that were lost are said so, and the archive goes on from a new base', async t => {
  const world = await archived()
  await world.round()
  const history = await live(world, 2, 1000)
  for (let i = 0; i < 5; i++) await world.leader.write(put(item('lost', i)))
  world.log.trim(world.applier.state.position - 2)
  const inGap = world.clock.now()
  await world.round()
  const later = world.clock.now()
  await world.leader.write(put(item('later', 1)))
  await world.round()
  t.deepEqual(await world.at(history[0]!.time), history[0]!.rows)
  await t.throwsAsync(world.at(inGap), { instanceOf: Damaged })
  t.is((await world.at(later)).length, 8)
})
