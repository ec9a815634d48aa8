/** The leader's side of streams. */
import test from 'ava'
import type { StreamViewType } from '../../../server/model/schema.ts'
import type { ChangeRow } from '../../../server/partition/command.ts'
import type { PartitionSchema } from '../../../server/partition/schema.ts'
import { sequenceOf } from '../../../server/store/changes.ts'
import { item, N, PLAIN, partitionSchema, put } from '../partition/given.ts'
import { commitOf, movableClock } from '../transactions/town.ts'
import { type LedPartition, lead, settled } from './fakes.ts'

const MANY = 1000

/** `label`: undefined for no stream. */
function schemaOf(version: number, label?: string, viewType: StreamViewType = 'NEW_AND_OLD_IMAGES'): PartitionSchema {
  const stream = label === undefined ? undefined : { label, viewType }
  return partitionSchema({ ...PLAIN, stream }, {}, { version })
}

const write = (y: number, key = 'a') => put(item(key, 1, { y: N(y) }))
const read = ({ leader }: LedPartition, label: string, from = 0n, limit = MANY) =>
  leader.changes.read({ label, from, limit, maxBytes: 1e6 })!
const valuesOf = (rows: ChangeRow[]) => rows.map(({ newImage }) => Number(JSON.parse(newImage!).y.N))
const values = (led: LedPartition, label: string) => valuesOf(read(led, label).rows)

test('what was evaluated before a schema comes before it, what after it after, whatever the log takes its time for', async t => {
  const led = await lead({ schema: schemaOf(1) })
  const { leader, log } = led
  t.is(leader.changes.shard('one'), undefined)
  log.close()
  const work: Promise<unknown>[] = []
  // More turns than entries may be on their way at once: some writes wait for their turn.
  for (const [version, label] of [
    [2, 'one'],
    [3, undefined],
    [4, 'two'],
    [5, undefined],
  ] as const) {
    for (let turn = 0; turn < 6; turn++) {
      work.push(leader.write(write(version * 10 + turn)))
      await settled()
    }
    work.push(leader.adopt(schemaOf(version, label)))
    work.push(leader.write(write(version * 10 + 9)))
    work.push(leader.transactions.commit(commitOf(`t${version}`, [write(version, 'b')])))
  }
  await log.pass()
  await Promise.all(work)
  for (const [label, first] of [
    ['one', 29],
    ['two', 49],
  ] as const) {
    const { rows } = read(led, label)
    const single = rows.filter(row => row.key[4] === 'a'.charCodeAt(0))
    t.deepEqual(valuesOf(single), [first, ...[1, 2, 3, 4, 5, 6].map(i => first + i)])
    for (const [i, row] of single.entries()) if (i > 0) t.is(row.oldImage, single[i - 1]!.newImage)
    t.deepEqual(valuesOf(rows.filter(row => !single.includes(row))), [Math.floor(first / 10)])
  }
  leader.stop('the test is over')
})

test('a new leader, with or without its file, has the same changes', async t => {
  const led = await lead({ schema: schemaOf(1, 's') })
  for (let i = 0; i < 5; i++) await led.leader.write(write(i))
  const before = read(led, 's').rows
  led.leader.stop('moved')
  const { log, store } = led
  for (const options of [{ log, store }, { log }]) {
    const next = await lead({ ...options, schema: schemaOf(1, 's') })
    t.deepEqual(read(next, 's').rows, before)
    next.leader.stop('moved')
  }
})

test('a reader goes on where it was, and sees the end of a closed shard', async t => {
  const led = await lead({ schema: schemaOf(1, 's') })
  const { leader } = led
  const state = leader.changes.shard('s')!
  t.is(state.until, undefined)
  const empty = read(led, 's')
  t.deepEqual([empty.rows, empty.resume], [[], state.next])
  for (let i = 0; i < 5; i++) await leader.write(write(i))
  const first = read(led, 's', empty.resume, 2)
  t.is(first.rows.length, 2)
  const rest = read(led, 's', first.resume)
  t.is(rest.rows.length, 3)
  t.is(read(led, 's', rest.resume).resume, rest.resume)
  await leader.adopt(schemaOf(2))
  await leader.write(write(9))
  const last = read(led, 's', rest.resume)
  t.deepEqual([last.rows, last.resume], [[], undefined])
  t.is(read(led, 's', 0n, 5).rows.length, 5)
  t.is(leader.changes.read({ label: 'none', from: 0n, limit: 1, maxBytes: 1 }), undefined)
  leader.stop('the test is over')
})

test('changes are dropped when their time has come, and streams that are over with the last of them', async t => {
  const { clock, advance } = movableClock()
  const led = await lead({ schema: schemaOf(1, 'one'), clock })
  const { leader, store } = led
  for (let i = 0; i < 450; i++) void leader.write(write(i, `${i}`))
  await leader.write(write(1, 'last'))
  const start = clock.now()
  await leader.adopt(schemaOf(2, 'two'))
  advance(1000)
  await leader.write(write(7))
  await leader.changes.trim(start - 60_000)
  t.is(read(led, 'one').rows.length, 451)
  t.is(read(led, 'one').trimmed, 0n)
  await leader.changes.trim(clock.now() - 500)
  t.is(leader.changes.shard('one'), undefined)
  t.deepEqual(values(led, 'two'), [7])
  t.true(leader.changes.shard('two')!.trimmed > 0n)
  t.true(leader.changes.shard('two')!.trimmed < read(led, 'two').rows[0]!.sequence)
  t.deepEqual(
    store.changes.streams().map(({ label }) => label),
    ['two'],
  )
  t.is(leader.changes.shard('two')!.next, sequenceOf(led.applier.state.position + 1))
  leader.stop('the test is over')
  await t.throwsAsync(leader.changes.trim(clock.now() + 5000), { name: 'NotLeading' })
})
