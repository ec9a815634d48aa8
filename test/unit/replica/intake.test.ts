import test from 'ava'
import type { FeedRow } from '../../../server/replica/feed.ts'
import { lead, settled, watch } from './fakes.ts'

/** It begins with a hash, as all do. */
const key = (name: string) => Buffer.concat([Buffer.alloc(4), Buffer.from(name)])
const row = (name: string, value?: string): FeedRow => ({
  key: key(name),
  image: value === undefined ? undefined : { json: JSON.stringify({ v: { S: value } }), size: value.length + 1 },
})

test('rows are taken in with their position, and what was taken in is not again', async t => {
  const { leader, log, store } = await lead()
  await leader.feed('s', 5, [row('a', '1'), row('b', '1')])
  t.is(leader.consumed('s'), 5)
  const before = log.end()
  await leader.feed('s', 5, [row('a', 'again')])
  await leader.feed('s', 4, [row('a', 'older')])
  t.is(log.end(), before)
  await leader.feed('s', 6, [row('a', '2'), row('b')])
  t.is(store.reader.get(key('a'))!.json, '{"v":{"S":"2"}}')
  t.is(store.reader.get(key('b')), undefined)
  t.like(leader.statistics(), { items: 1, bytes: 2, local: {} })
})

test('of several changes of a row in one feed the last counts', async t => {
  const { leader, store } = await lead()
  await leader.feed('s', 1, [row('a', 'x'), row('a'), row('a', 'last'), row('b', 'x'), row('b')])
  t.is(store.reader.get(key('a'))!.json, '{"v":{"S":"last"}}')
  t.is(store.reader.get(key('b')), undefined)
  t.like(leader.statistics(), { items: 1, bytes: 5, local: {} })
})

test('removing a row that is not there changes no figures', async t => {
  const { leader } = await lead()
  await leader.feed('s', 1, [row('a')])
  t.like(leader.statistics(), { items: 0, bytes: 0, local: {} })
  t.is(leader.consumed('s'), 1)
})

test('sources have positions of their own, and do not wait for each other', async t => {
  const { leader, log } = await lead()
  log.close()
  const feeds = [watch(leader.feed('s', 10, [row('a', '1')])), watch(leader.feed('t', 3, [row('b', '1')]))]
  await settled()
  t.is(log.held, 2)
  t.deepEqual([leader.consumed('s'), leader.consumed('t')], [0, 0], 'not before it is durable')
  await log.pass()
  t.deepEqual(
    feeds.map(({ outcome }) => outcome),
    ['done', 'done'],
  )
  t.deepEqual([leader.consumed('s'), leader.consumed('t')], [10, 3])
})

test('a feed repeated while the first is under way is taken in once', async t => {
  const { leader, log } = await lead()
  log.close()
  const first = watch(leader.feed('s', 1, [row('a', '1')]))
  await settled()
  const again = watch(leader.feed('s', 1, [row('a', '1')]))
  await settled()
  t.is(log.held, 1)
  await log.pass()
  await settled()
  t.deepEqual([first.outcome, again.outcome], ['done', 'done'])
  t.like(leader.statistics(), { items: 1, bytes: 2, local: {} })
})

test('of feeds that wait for the same one, each is taken in when the one before is: two leaders of the source may be calling', async t => {
  const { leader, log, store } = await lead()
  log.close()
  const feeds = [watch(leader.feed('s', 1, [row('b', '1')]))]
  await settled()
  feeds.push(watch(leader.feed('s', 2, [row('b'), row('a', '2')])))
  feeds.push(watch(leader.feed('s', 3, [row('b'), row('a', '2'), row('a')])))
  for (let i = 0; i < 3; i++) {
    await settled()
    t.is(log.held, 1)
    await log.pass(1)
  }
  await settled()
  t.deepEqual(
    feeds.map(({ outcome }) => outcome),
    ['done', 'done', 'done'],
  )
  t.is(leader.consumed('s'), 3)
  t.deepEqual([store.reader.get(key('a')), store.reader.get(key('b'))], [undefined, undefined])
})
