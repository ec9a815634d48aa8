import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import type { LoadResult, RunTask } from '../../../bench/load.ts'
import { tableOf } from '../../../bench/workload.ts'

const LOAD = fileURLToPath(new URL('../../../bench/load.ts', import.meta.url))

/** The load generator against a server that answers, in turn, what it is told. */
async function loadOn(
  t: ExecutionContext,
  answers: [status: number, body: string][],
  more: Partial<RunTask> = {},
): Promise<LoadResult> {
  let count = 0
  const server = createServer((_, response) => {
    const [status, body] = answers[count++ % answers.length]!
    response.writeHead(status, { 'content-length': body.length }).end(body)
  }).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const shared = { kind: 'run', table: tableOf(100), operation: 'GetItem', connections: 4, seconds: 0.3, warmup: 0 }
  const task = { ...shared, port, ...more }
  const { stdout } = await promisify(execFile)(process.execPath, [LOAD, JSON.stringify(task)])
  return JSON.parse(stdout) as LoadResult
}

const throttle = '{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"m"}'

test('answers are counted and timed', async t => {
  const { requests, perSecond, p50, p99, errors } = await loadOn(t, [[200, '{}']])
  t.true(requests > 0 && p50 > 0 && p99 >= p50)
  t.is(Math.round(perSecond), Math.round(requests / 0.3))
  t.deepEqual(errors, {})
})

test('a rate is kept to, however fast the server is, and no faster', async t => {
  const { requests } = await loadOn(t, [[200, '{}']], { rate: 50, seconds: 1 })
  t.true(requests > 5 && requests <= 50)
})

test('refusals for overload are counted apart', async t => {
  const { requests, errors } = await loadOn(t, [
    [200, '{}'],
    [400, throttle],
    [503, ''],
  ])
  t.true(requests > 0)
  t.deepEqual(Object.keys(errors).sort(), ['503', 'ThroughputExceeded'])
})

test('any other refusal ends the load loudly', async t => {
  const broken: [number, string] = [500, '{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError"}']
  const error = await t.throwsAsync(() => loadOn(t, [[200, '{}'], broken]))
  t.regex(error!.message, /InternalServerError/)
})
