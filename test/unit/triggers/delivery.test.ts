/** How a batch is delivered: what is sent, in which order, and what becomes of it, by rows and for any function. */
import test from 'ava'
import fc from 'fast-check'
import type { Delivered } from '../../../server/triggers/event.ts'
import { type DeliveryPolicy, deliver, type Reply } from '../../../server/triggers/run/delivery.ts'

const POLICY: DeliveryPolicy = { maximumRetries: -1, bisect: false, maximumAgeMs: 1e6, retryMs: 10, maxRetryMs: 40 }
const NOW = 2_000_000

const ok = (failedAt = Number.POSITIVE_INFINITY): Reply => ({ kind: 'answered', failedAt })
const failed: Reply = { kind: 'failed', reason: 'no', status: 500 }
const busy: Reply = { kind: 'busy', reason: 'later' }

function recordsOf(count: number, time = NOW): Delivered[] {
  return Array.from({ length: count }, (_, i) => ({ sequence: BigInt(i), number: `${i}`, time, text: `${i}` }))
}

type Outcome = { calls: string[]; done: string[]; givenUp: string[]; waits: number[] }

/** `answer` is asked for each call, by its number; what it says of more records than there are means all. */
async function run(
  records: Delivered[],
  policy: Partial<DeliveryPolicy>,
  answer: (call: number, records: Delivered[]) => Reply,
): Promise<Outcome> {
  const outcome: Outcome = { calls: [], done: [], givenUp: [], waits: [] }
  const text = (list: Delivered[]) => list.map(({ number }) => number).join('')
  let now = NOW
  await deliver(
    records,
    { ...POLICY, ...policy },
    {
      async invoke(list) {
        const reply = answer(outcome.calls.length, list)
        outcome.calls.push(text(list))
        return reply.kind === 'answered' ? { ...reply, failedAt: Math.min(reply.failedAt, list.length) } : reply
      },
      async giveUp(list, { condition, invocations }) {
        outcome.givenUp.push(`${text(list)} ${condition} ${invocations}`)
      },
      done: ({ number }) => void outcome.done.push(number),
      async wait(ms) {
        outcome.waits.push(ms)
        now += ms
      },
      now: () => now,
    },
  )
  return outcome
}

const script =
  (...replies: Reply[]) =>
  (call: number) =>
    replies[call] ?? ok()

test('a batch that is taken is sent once', async t => {
  t.deepEqual(await run(recordsOf(3), {}, script()), { calls: ['012'], done: ['2'], givenUp: [], waits: [] })
})

test('one that failed is sent again, after ever longer waits', async t => {
  const { calls, waits } = await run(recordsOf(2), {}, script(failed, failed, failed, failed))
  t.deepEqual(calls, ['01', '01', '01', '01', '01'])
  t.deepEqual(waits, [10, 20, 40, 40])
})

test('after all retries it is given up', async t => {
  const { calls, givenUp, done } = await run(recordsOf(2), { maximumRetries: 2 }, () => failed)
  t.deepEqual([calls, givenUp, done], [['01', '01', '01'], ['01 RetryAttemptsExhausted 3'], ['1']])
})

test('without retries it is given up at once', async t => {
  const { calls, givenUp } = await run(recordsOf(1), { maximumRetries: 0 }, () => failed)
  t.deepEqual([calls, givenUp], [['0'], ['0 RetryAttemptsExhausted 1']])
})

test('a function that was not reached costs no retry', async t => {
  const { calls, givenUp } = await run(recordsOf(1), { maximumRetries: 1 }, script(busy, busy, busy, failed))
  t.deepEqual([calls.length, givenUp], [5, []])
})

test('what was done with is not sent again', async t => {
  const { calls, done } = await run(recordsOf(5), {}, script(ok(2), ok(1)))
  t.deepEqual(
    [calls, done],
    [
      ['01234', '234', '34'],
      ['1', '2', '4'],
    ],
  )
})

test('a rest has failed once', async t => {
  const { calls, givenUp } = await run(recordsOf(3), { maximumRetries: 1 }, (_, list) =>
    list[0]!.number === '1' ? ok(0) : ok(1),
  )
  t.deepEqual([calls, givenUp], [['012', '12'], ['12 RetryAttemptsExhausted 2']])
})

test('bisecting finds the one that is bad', async t => {
  const { calls, givenUp, done } = await run(recordsOf(5), { bisect: true, maximumRetries: 1 }, (_, list) =>
    list.some(({ number }) => number === '3') ? failed : ok(),
  )
  t.deepEqual(calls, ['01234', '012', '34', '3', '3', '4'])
  t.deepEqual(givenUp, ['3 RetryAttemptsExhausted 4'])
  t.deepEqual(done, ['2', '3', '4'])
})

test('old records are given up, the others are not', async t => {
  const records = [...recordsOf(1, NOW - 2e6), ...recordsOf(3).slice(1)]
  const { calls, givenUp, done } = await run(records, {}, script())
  t.deepEqual([calls, givenUp, done], [['12'], ['0 RecordAgeExceeded 0'], ['0', '2']])
})

test('a record grows old while it is repeated', async t => {
  const { calls, givenUp } = await run(recordsOf(1), { maximumAgeMs: 100 }, () => failed)
  t.true(calls.length >= 3)
  t.deepEqual(givenUp, [`0 RecordAgeExceeded ${calls.length}`])
})

test('whatever the function does, each record is done with in order, and delivered or given up', async t => {
  const reply = fc.oneof(
    fc.constant(ok()),
    fc.constant(failed),
    fc.constant(busy),
    fc.nat(6).map(at => ok(at)),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 6 }),
      fc.boolean(),
      fc.integer({ min: 0, max: 3 }),
      fc.array(reply, { maxLength: 30 }),
      async (count, bisect, maximumRetries, replies) => {
        const taken = new Set<string>()
        const outcome = await run(recordsOf(count), { bisect, maximumRetries }, (call, list) => {
          const next = replies[call] ?? ok()
          if (next.kind === 'answered') for (const { number } of list.slice(0, next.failedAt)) taken.add(number)
          return next
        })
        const given = new Set(outcome.givenUp.flatMap(text => [...text.split(' ')[0]!]))
        for (let i = 0; i < count; i++) if (taken.has(`${i}`) === given.has(`${i}`)) return false
        const sorted = [...outcome.done].sort()
        return String(sorted) === String(outcome.done) && outcome.done.at(-1) === `${count - 1}`
      },
    ),
  )
  t.pass()
})
