/** What is known of a log that lies elsewhere. */
import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import { KnownLog } from '../../../server/log/known.ts'
import { LogUnavailable } from '../../../server/log/log.ts'
import { Sizes } from '../../../server/log/sizes.ts'

test('sizes are those of the entries known and not trimmed', t => {
  const sizes = new Sizes()
  for (const position of [5, 6, 7]) sizes.set(position, position * 10)
  sizes.set(6, 1)
  t.is(sizes.total, 180)
  sizes.trim(3)
  sizes.trim(5)
  t.is(sizes.total, 130)
  sizes.set(9, 1)
  t.is(sizes.total, 1)
  sizes.trim(20)
  sizes.set(15, 5)
  t.is(sizes.total, 0)
  sizes.set(21, 5)
  t.is(sizes.total, 5)
})

test('what is trimmed here stays trimmed, though the log has not deleted it yet', async t => {
  const purged: number[] = []
  let finish = () => {}
  const known = new KnownLog(upTo => {
    purged.push(upTo)
    return new Promise(resolve => (finish = resolve))
  })
  known.found(1, 10)
  known.trim(3)
  for (const upTo of [4, 6]) known.trim(upTo)
  known.found(1, 12)
  t.deepEqual([known.first, known.end], [7, 12])
  t.deepEqual(purged, [3])
  finish()
  await setImmediate()
  t.deepEqual(purged, [3, 6])
  finish()
})

test('its end only grows by hearsay, and moves as the log itself says', t => {
  const known = new KnownLog(async () => {})
  known.found(1, 10)
  known.reaches(12)
  known.reaches(11)
  t.is(known.end, 12)
  known.found(1, 11)
  t.is(known.end, 11)
})

test('a log that is finished here ends all waits', async t => {
  const known = new KnownLog(async () => {})
  const wait = known.waiters.wait(0, 0)
  known.finish('closed')
  await t.throwsAsync(wait, { instanceOf: LogUnavailable, message: 'closed' })
  await t.throwsAsync(known.waiters.wait(0, 0), { instanceOf: LogUnavailable })
})

test('an end that is heard of while the log is asked is not forgotten for an older answer', async t => {
  const known = new KnownLog(async () => {})
  let answer = (_: { first: number; end: number }) => {}
  const ask = () => new Promise<{ first: number; end: number }>(resolve => (answer = resolve))
  const asked = known.find(ask)
  known.reaches(7)
  answer({ first: 1, end: 6 })
  await asked
  t.is(known.end, 7)
  // What was heard of before may be lost since.
  const again = known.find(ask)
  answer({ first: 1, end: 5 })
  await again
  t.is(known.end, 5)
})
