import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import fc from 'fast-check'
import { Queue } from '../../../operator/queue/queue.ts'
import { systemClock } from '../../../server/base/clock.ts'

const nothing = () => {}

test('a key is worked on by one at a time, and again if it was added meanwhile', async t => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 30 }), async keys => {
      const active = new Set<string>()
      const last = new Map<string, number>()
      const work = async (key: string) => {
        t.false(active.has(key), 'two at once')
        t.true(active.size < 2, 'more than there are workers')
        active.add(key)
        last.set(key, added)
        await sleep(0)
        active.delete(key)
        return undefined
      }
      const queue = new Queue(systemClock, { workers: 2 }, work, nothing)
      let added = 0
      const when = new Map<string, number>()
      for (const key of keys) {
        added += 1
        when.set(key, added)
        queue.add(key)
        if (added % 3 === 0) await sleep(0)
      }
      while (queue.length > 0) await sleep(1)
      for (const [key, time] of when) t.true(last.get(key)! >= time, 'what was added last is not seen')
      await queue.stop()
    }),
    { numRuns: 30 },
  )
})

test('one that fails comes again, later each time, and at once when it is added', async t => {
  const rests: number[] = []
  let calls = 0
  const work = async () => {
    calls += 1
    if (calls < 4) throw Object.assign(new Error('not yet'), calls === 3 ? { retryAfterMs: 50 } : {})
    return undefined
  }
  const queue = new Queue(
    systemClock,
    { workers: 1, firstRestMs: 2, longestRestMs: 1000 },
    work,
    (_key, _error, rest) => {
      rests.push(rest)
    },
  )
  queue.add('a')
  while (calls < 4) await sleep(1)
  t.deepEqual(rests, [2, 4, 50])
  await queue.stop()
})

test('of several times to look again the first counts', async t => {
  let calls = 0
  const queue = new Queue(systemClock, { workers: 1 }, async () => (++calls === 1 ? 5 : undefined), nothing)
  queue.addAfter('a', 60_000)
  queue.addAfter('a', 1)
  while (calls < 2) await sleep(1)
  await queue.stop()
  queue.add('a')
  await sleep(5)
  t.is(calls, 2)
})
