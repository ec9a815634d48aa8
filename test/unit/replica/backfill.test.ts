import test from 'ava'
import { LogUnavailable } from '../../../server/log/log.ts'
import type { Item } from '../../../server/model/item.ts'
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
import { clock, GatedLog, type LedPartition, lead, NotedIndexes, settled, until, watch } from './fakes.ts'

const WITHOUT = partitionSchema({ ...INDEXED, indexes: INDEXED.indexes.filter(index => index !== BY_OWNER) })
const WITH = partitionSchema(
  INDEXED,
  { [BY_OWNER.id]: [{ id: 'all', ...ALL_HASHES }] },
  { version: 2, backfill: [BY_OWNER.id] },
)
const owned = (s: number, more: Item = {}) => item('a', s, { owner: S(`owner ${s % 7}`), date: S('d'), ...more })

function items({ store }: Pick<LedPartition, 'store'>): Item[] {
  const page = store.reader.range(undefined, { from: Buffer.of(0), to: Buffer.alloc(9, 255), maxBytes: 1e9 })
  return page.rows.map(({ json }) => JSON.parse(json))
}

function isEqual({ store, indexes }: LedPartition): boolean {
  return String(texts(indexes.rows('all').values())) === String(texts(expectedRows(BY_OWNER, items({ store }))))
}

async function fill(partition: LedPartition, count: number): Promise<void> {
  for (let s = 0; s < count; s += 500)
    await Promise.all(Array.from({ length: 500 }, (_, i) => partition.leader.write(put(owned(s + i)))))
}

test('a new index gets the rows that were there, and is then done', async t => {
  const partition = await lead({ schema: WITHOUT })
  await fill(partition, 1500)
  await partition.leader.adopt(WITH)
  t.deepEqual(await partition.leader.build(), [BY_OWNER.id])
  t.is(partition.indexes.rows('all').size, 1500)
  t.true(isEqual(partition))
  const before = partition.log.end()
  await partition.leader.build()
  t.is(partition.log.end(), before, 'nothing is done twice')
})

test('while the process has much else to do, pages have longer rests between them, but not for ever', async t => {
  const rests: number[] = []
  const busy = (late: number) => ({
    ...clock,
    after(ms: number, task: () => void) {
      if (ms > 1) rests.push(ms)
      return clock.after(ms > 1 ? 1 : late, task)
    },
  })
  for (const late of [30, 300]) {
    const partition = await lead({ schema: WITHOUT, clock: busy(late) })
    await fill(partition, 500)
    await partition.leader.adopt(WITH)
    rests.length = 0
    await partition.leader.build()
    const long = rests.filter(ms => ms > 25)
    t.true(long.length >= 2, 'one after each page')
    t.true(long.every(ms => ms <= 50))
    t.true(isEqual(partition))
  }
})

test('an empty table is done at once', async t => {
  const { leader, indexes } = await lead({ schema: WITHOUT })
  await leader.adopt(WITH)
  await leader.build()
  t.is(indexes.feeds.get('all'), undefined)
})

test('writes go on meanwhile, and the index follows them', async t => {
  const partition = await lead({ schema: WITHOUT })
  const { leader } = partition
  await fill(partition, 1000)
  let building = true
  const writer = async (first: number) => {
    for (let turn = 0; building; turn++) {
      const s = (first + turn * 13) % 1100
      if (turn % 4 === 0) await leader.write(remove(key('a', s)))
      else if (turn % 4 === 1) await leader.write(put(owned(s, { owner: S('new') })))
      else
        await leader.write(
          update(key('a', s), { UpdateExpression: 'ADD n :n', ExpressionAttributeValues: { ':n': N(1) } }),
        )
    }
  }
  const writers = [0, 100, 350, 600, 999].map(writer)
  await settled()
  await leader.adopt(WITH)
  await leader.build()
  building = false
  await Promise.all(writers)
  await leader.fed(BY_OWNER.id)
  t.true(isEqual(partition))
})

test('a write that was evaluated before the index came is in it', async t => {
  const partition = await lead({ schema: WITHOUT })
  const { leader, log } = partition
  log.close()
  const adopted = leader.adopt(WITH)
  const early = leader.write(put(owned(1)))
  await settled()
  await log.pass(1)
  await adopted
  const built = leader.build()
  await settled()
  await log.pass()
  await early
  await built
  await leader.fed(BY_OWNER.id)
  t.is(partition.indexes.rows('all').size, 1)
  t.true(isEqual(partition))
})

test('a new leader goes on where the last one was', async t => {
  const indexes = new NotedIndexes()
  const first = await lead({ schema: WITHOUT, indexes })
  await fill(first, 1500)
  await first.leader.adopt(WITH)
  const building = watch(first.leader.build())
  await until(() => (indexes.rows('all').size ?? 0) >= 400)
  first.leader.stop('gone')
  await until(() => building.outcome !== 'pending')
  const done = indexes.rows('all').size
  t.true(done < 1500)
  const second = await lead({ log: new GatedLog(first.log.inner), store: first.store, indexes })
  await second.leader.build()
  t.true(isEqual({ ...second, indexes }))
  const fed = indexes.feeds.get('all')!.reduce((sum, { rows }) => sum + rows.length, 0)
  t.is(fed, 1500, 'no row was made twice')
})

test('rows of writes that are lost with the leader do not come into the index', async t => {
  const indexes = new NotedIndexes()
  const turns: (() => void)[] = []
  let manual = false
  // Batches close when the test says so.
  const slow = { ...clock, soon: (task: () => void) => (manual ? void turns.push(task) : clock.soon(task)) }
  const first = await lead({ schema: WITHOUT, indexes, clock: slow })
  await Promise.all(Array.from({ length: 300 }, (_, s) => first.leader.write(put(owned(s)))))
  await first.leader.adopt(WITH)
  first.log.close()
  const building = watch(first.leader.build())
  await until(() => first.log.held === 1)
  // Evaluated, not proposed, as the backfill reads its second page.
  manual = true
  const write = watch(first.leader.write(put(owned(250, { owner: S('lost') }))))
  await first.log.pass(1)
  await until(() => first.log.held > 0)
  for (const turn of turns.splice(0)) turn()
  await settled()
  // Of the write and the page, the first became durable.
  t.is(first.log.held, 2)
  await first.log.pass(1)
  await first.log.lose(new LogUnavailable('power cut'))
  await until(() => building.outcome !== 'pending')
  const second = await lead({ log: new GatedLog(first.log.inner), store: first.store, indexes })
  await second.leader.build()
  await second.leader.fed(BY_OWNER.id)
  t.true(isEqual({ ...second, indexes }), `the write: ${write.outcome}`)
})

test('an index that goes while it is built is left', async t => {
  const partition = await lead({ schema: WITHOUT })
  await fill(partition, 1000)
  await partition.leader.adopt(WITH)
  const building = partition.leader.build()
  await settled()
  await partition.leader.adopt({ ...WITHOUT, version: 3 })
  await building
  t.true(partition.indexes.rows('all').size < 1000)
})
