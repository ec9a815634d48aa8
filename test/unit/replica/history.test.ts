import test from 'ava'
import { NotLeading } from '../../../server/replica/pipeline.ts'
import { item, PLAIN, partitionSchema, put } from '../partition/given.ts'
import { lead } from './fakes.ts'

test('entries are kept for whoever holds them', async t => {
  const { leader, applier } = await lead()
  const everything = Number.MAX_SAFE_INTEGER
  t.is(leader.acknowledged(), everything)
  const start = leader.history.retain('one')
  t.is(start, applier.state.position)
  await leader.write(put(item('a', 1)))
  t.is(leader.history.retain('two'), start + 1)
  t.is(leader.acknowledged(), start)
  leader.history.release('one')
  t.is(leader.acknowledged(), start + 1)
  leader.history.release('two')
  t.is(leader.acknowledged(), everything)
})

test('while a table is archived nothing is let go before the archive has spoken', async t => {
  const { leader, applier } = await lead({ schema: partitionSchema(PLAIN, {}, { archived: true }) })
  t.is(leader.acknowledged(), 0)
  await leader.write(put(item('a', 1)))
  t.is(leader.acknowledged(), 0)
  leader.history.retain('archive', 2)
  t.is(leader.acknowledged(), 2)
  await leader.adopt(partitionSchema(PLAIN, {}, { version: 2 }))
  leader.history.release('archive')
  t.true(leader.acknowledged() > applier.state.position)
})

test('pages of rows follow one another, whatever is written in between', async t => {
  const { leader } = await lead()
  const pad = { S: 'x'.repeat(100_000) }
  for (let i = 0; i < 12; i++) await leader.write(put(item('a', i, { pad })))
  const seen: string[] = []
  let after: Buffer | undefined
  let pages = 0
  do {
    const page = leader.history.rows(after)
    seen.push(...page.rows.map(({ json }) => JSON.parse(json).s.N))
    after = page.next
    pages += 1
    await leader.write(put(item('a', 5)))
  } while (after)
  t.true(pages > 3)
  t.deepEqual(
    seen,
    Array.from({ length: 12 }, (_, i) => String(i)),
  )
})

test('a time is settled when it is over and its writes are applied', async t => {
  const { leader, applier, log } = await lead()
  log.close()
  const write = leader.write(put(item('a', 1)))
  const settled = leader.history.settled(Date.now())
  await new Promise(resolve => setTimeout(resolve, 20))
  const before = applier.state.position
  await log.pass()
  await write
  t.is(await settled, before + 1)
})

test('a time is settled when what is held by then is resolved', async t => {
  const { leader, applier } = await lead()
  const { transactions, history } = leader
  const request = { transaction: 't', home: 'home', actions: [put(item('a', 1))] }
  const { ticket } = await transactions.prepare(request)
  let isSettled = false
  const settled = history.settled(Date.now()).finally(() => (isSettled = true))
  await new Promise(resolve => setTimeout(resolve, 20))
  t.false(isSettled)
  await transactions.resolve({ transaction: 't', ticket: ticket! }, { committed: 1 })
  t.is(await settled, applier.state.position)
  await transactions.prepare({ ...request, transaction: 'u' })
  const never = history.settled(Date.now())
  leader.stop('the test is over')
  await t.throwsAsync(never, { instanceOf: NotLeading })
})
