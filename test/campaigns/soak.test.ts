/** A short soak, and what the judge of it makes of drifts; `npm run soak` is the long one. */
import test from 'ava'
import { startTestNode } from '../helpers/node.ts'
import { randomOf } from './random.ts'
import { checkContents } from './soak/check.ts'
import { judge, TOLERANCE, type Window } from './soak/judge.ts'
import { askOf, CREATE_TABLES, fillOf } from './soak/mix.ts'
import { openDriver } from './soak/pace.ts'
import { runSoak } from './soak/soak.ts'

/** Other test files keep the machine busy; what a soak must show is for `npm run soak`. */
const BUSY = { ...TOLERANCE, p99: 10, memory: 2, data: 10, tail: 1000, pace: 0.9 }

test('half of the capacity is kept up, in steady memory and a short log, and nothing acknowledged is lost', async t => {
  const seed = Date.now() % 100_000
  const { wanted, windows } = await runSoak({
    items: 1000,
    bytes: 1000,
    seconds: 12,
    windowSeconds: 1,
    capacitySeconds: 2,
    seed,
    progress: line => t.log(line),
  })
  t.is(windows.length, 12)
  const failed = judge(windows, wanted, BUSY).filter(({ holds }) => !holds)
  t.deepEqual(failed, [])
})

test('a lost update, and only that, is noticed', async t => {
  const node = await startTestNode({ inMemory: true })
  t.teardown(node.close)
  const size = { items: 100, bytes: 10 }
  const random = randomOf(1, 0)
  const driver = await openDriver(Number(new URL(node.endpoint).port), 4, () => askOf(size, random))
  t.teardown(() => driver.close())
  for (const body of CREATE_TABLES) await driver.sendAll([{ operation: 'CreateTable', body }])
  await driver.sendAll(fillOf(size, random))
  await driver.sendAll(Array.from({ length: 500 }, () => askOf(size, random)))
  t.true(driver.counted() > 0)
  await checkContents(node.endpoint, driver.counted())
  await t.throwsAsync(() => checkContents(node.endpoint, driver.counted() + 1), { message: /acknowledged/ })
})

const PER_SECOND = 100

/** Thirty windows of ten seconds, all alike but for what `change` makes of them. */
function windowsWith(change: (number: number) => Partial<Window> = () => ({})): Window[] {
  return Array.from({ length: 30 }, (_, number) => ({
    at: 10 * (number + 1),
    requests: 10 * PER_SECOND,
    throttled: 0,
    p50: 1,
    p99: 5,
    rssMb: 300,
    logMb: number % 5 === 0 ? 32 : 80,
    dataMb: 500,
    ...change(number),
  }))
}

function failuresOf(windows: Window[]): string[] {
  return judge(windows, PER_SECOND)
    .filter(({ holds }) => !holds)
    .map(({ what }) => what)
}

test('a steady soak passes', t => {
  t.deepEqual(failuresOf(windowsWith()), [])
  t.deepEqual(failuresOf(windowsWith(number => (number < 10 ? { p99: 50, rssMb: 200 } : {}))), [])
})

test('each drift fails its own verdict', t => {
  const fails = (change: (number: number) => Partial<Window>, what: string) =>
    t.deepEqual(failuresOf(windowsWith(change)), [what])
  fails(number => ({ p50: 4, p99: 1 + number }), 'p99 does not drift')
  fails(number => ({ rssMb: 300 + 10 * number }), 'memory does not grow')
  fails(number => ({ dataMb: 500 + 20 * number }), 'data on disk does not grow')
  fails(number => ({ logMb: 10 * number }), 'the log stays short')
  fails(() => ({ p99: 11 }), 'few requests wait long')
  fails(() => ({ requests: 9.8 * PER_SECOND }), 'the pace is kept')
  fails(number => ({ throttled: number === 3 ? 1 : 0 }), 'the pace is kept')
})

test('too few windows are no soak', t => {
  t.throws(() => judge(windowsWith().slice(0, 5), PER_SECOND))
})
