/** Whatever becomes of the other end, a call ends in time, and says whether it may have been done. */
import test, { type ExecutionContext } from 'ava'
import { silent } from '../../../server/base/logger.ts'
import { untraced } from '../../../server/base/tracer.ts'
import { DynamoError } from '../../../server/model/errors.ts'
import { Interrupted, NotLeading } from '../../../server/replica/pipeline.ts'
import { RpcClient } from '../../../server/rpc/client.ts'
import { remoteLeader } from '../../../server/rpc/leader.ts'
import { LIMITS, type Limits } from '../../../server/rpc/limits.ts'
import { clock, until, watch } from '../replica/fakes.ts'
import { KEY, listen, PUT, standin, upgraded } from './standin.ts'
import { connect, type WireOptions } from './wire.ts'

const QUICK: Partial<Limits> = { connectMs: 1000, callMs: 1500, quietMs: 250, deadMs: 1200 }
/** Before this, what has a deadline has ended, however busy the machine. */
const IN_TIME_MS = 10_000

async function wired(t: ExecutionContext, options?: WireOptions) {
  const leader = standin()
  const wire = await connect(leader, options)
  t.teardown(wire.close)
  return { leader, wire, remote: wire.remote() }
}

function clientOf(t: ExecutionContext, address: string, limits: Partial<Limits> = QUICK) {
  const client = new RpcClient({
    tls: undefined,
    clock,
    tracer: untraced,
    logger: silent,
    limits: { ...LIMITS, ...limits },
  })
  t.teardown(() => client.close())
  return remoteLeader(client, address, 'p')
}

/** The error's name, and how long it took to come. */
async function failure(call: unknown): Promise<{ error: Error; ms: number }> {
  const start = performance.now()
  try {
    await call
  } catch (error) {
    return { error: error as Error, ms: performance.now() - start }
  }
  throw new Error('it did not fail')
}

function isRepeatable(error: Error): boolean {
  return error instanceof NotLeading && !(error instanceof Interrupted)
}

test('when this end closes, a write that was sent may be done', async t => {
  const { leader, wire, remote } = await wired(t)
  const writing = failure(remote.write(PUT))
  await until(() => leader.written === 1)
  wire.client.close()
  const { error } = await writing
  t.true(error instanceof Interrupted)
  t.is(error.message, `write at ${wire.server.address} has no answer: this process is closing`)
  t.true(isRepeatable((await failure(remote.write(PUT))).error))
  leader.finish()
})

test('when the other end is killed, calls fail at once', async t => {
  const sockets: { destroy(): void }[] = []
  const listener = await listen(
    t,
    upgraded(socket => sockets.push(socket)),
  )
  const remote = clientOf(t, listener.address, {})
  const [write, get] = [failure(remote.write(PUT)), failure(remote.get(KEY))]
  await until(() => sockets.length === 1 && Buffer.concat(listener.received).includes('write'))
  for (const socket of sockets) socket.destroy()
  t.true((await write).error instanceof Interrupted)
  t.true(isRepeatable((await get).error))
  t.true((await write).ms < IN_TIME_MS)
})

test('when the other end says nothing any more, calls fail in time', async t => {
  const listener = await listen(
    t,
    upgraded(() => {}),
  )
  const remote = clientOf(t, listener.address, { ...QUICK, callMs: 60_000 })
  const [write, get] = await Promise.all([failure(remote.write(PUT)), failure(remote.get(KEY))])
  t.true(write.error instanceof Interrupted)
  t.true(isRepeatable(get.error))
  t.true(get.ms < IN_TIME_MS)
  t.regex(get.error.message, /it does not answer/)
})

test('what was never sent may be repeated, be it a write', async t => {
  const listener = await listen(t, () => {})
  const silence = await failure(clientOf(t, listener.address).write(PUT))
  t.true(isRepeatable(silence.error))
  t.true(silence.ms < IN_TIME_MS)
  await listener.close()
  const nobody = await failure(clientOf(t, listener.address).write(PUT))
  t.true(isRepeatable(nobody.error))
})

test('whoever is no storage node is not taken for one', async t => {
  const listener = await listen(t, socket => {
    socket.once('data', () => socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'))
  })
  const { error } = await failure(clientOf(t, listener.address).get(KEY))
  t.true(isRepeatable(error))
  t.regex(error.message, /it answers 404, and is no storage node/)
})

test('a node that comes back is found', async t => {
  const first = await connect(standin())
  const port = Number(new URL(first.server.address).port)
  const remote = clientOf(t, first.server.address)
  t.is(await remote.get(KEY), undefined)
  await first.close()
  t.true(isRepeatable((await failure(remote.get(KEY))).error))
  const second = await connect(standin(), { port })
  t.teardown(second.close)
  // For a moment it is not tried again.
  const again = async () => {
    const found = await Promise.resolve(remote.get(KEY)).then(
      () => true,
      () => false,
    )
    return found || (await new Promise<boolean>(resolve => setTimeout(resolve, 50, false)))
  }
  const end = performance.now() + IN_TIME_MS
  let isFound = false
  while (!isFound && performance.now() < end) isFound = await again()
  t.true(isFound)
})

test('a call that takes too long ends; the others, and the connection, go on', async t => {
  const { leader, wire, remote } = await wired(t, { limits: { ...QUICK, deadMs: 60_000 } })
  const slow = await failure(remote.write(PUT))
  t.true(slow.error instanceof Interrupted)
  t.regex(slow.error.message, /it took too long/)
  t.true(slow.ms > 1400 && slow.ms < IN_TIME_MS)
  leader.finish()
  t.is(await remote.get(KEY), undefined)
  t.is(wire.server.connections(), 1)
})

test('a side that is slow, but there, is waited for', async t => {
  const { leader, remote } = await wired(t, { limits: { ...QUICK, callMs: 60_000 } })
  const writing = watch(remote.write(PUT))
  await new Promise(resolve => setTimeout(resolve, 2500))
  t.is(writing.outcome, 'pending')
  leader.finish()
  await until(() => writing.outcome === 'done')
  t.pass()
})

for (const [side, options] of [
  ['asks', { limits: { calls: 3 }, serverLimits: {} }],
  ['answers', { limits: {}, serverLimits: { calls: 3 } }],
] as const)
  test(`too many calls at once are throttled by who ${side}`, async t => {
    const { leader, remote } = await wired(t, options)
    const writes = [1, 2, 3].map(() => remote.write(PUT))
    await until(() => leader.written === 3)
    const error = await t.throwsAsync<DynamoError>(remote.write(PUT), { instanceOf: DynamoError })
    t.is(error.code, 'ThrottlingException')
    for (const _ of writes) leader.finish()
    await Promise.all(writes)
    const more = remote.write(PUT)
    await until(() => leader.written === 4)
    leader.finish()
    await t.notThrowsAsync(more)
  })

test('a partition that is not here is said not to be led', async t => {
  const { wire } = await wired(t)
  const { error } = await failure(wire.remote('q').write(PUT))
  t.true(isRepeatable(error))
  t.is(error.message, 'partition q is not led here')
})

test('a method that is not known is said to be so, and nothing else fails', async t => {
  const { wire, remote } = await wired(t)
  const nothing = { write() {}, read() {} }
  const unknown = { name: 'divide', repeatable: true, ask: nothing, answer: nothing, call: () => undefined }
  await t.throwsAsync(wire.client.ask(wire.server.address, unknown, 'p', undefined), {
    name: 'RemoteError',
    message: 'RemoteError: this version of Tavola knows no divide',
  })
  t.is(await remote.get(KEY), undefined)
})

test('what is too large fails alone', async t => {
  const { wire, leader, remote } = await wired(t, { limits: { frame: 2000 } })
  await t.throwsAsync(async () => remote.get(Buffer.alloc(3000)), { name: 'FrameTooLarge' })
  leader.get = () => ({ json: 'x'.repeat(3000), size: 1 })
  await t.throwsAsync(async () => remote.get(KEY), { name: 'RemoteError', message: /3\d{3} bytes/ })
  leader.get = () => undefined
  t.is(await remote.get(KEY), undefined)
  t.is(wire.server.connections(), 1)
})

test('errors that are defects are told without being taken for answers', async t => {
  const { leader, remote } = await wired(t)
  for (const error of [new RangeError('a defect'), Object.assign(new Error('b'), { name: 'InvariantViolation' })]) {
    const writing = remote.write(PUT)
    await until(() => leader.written > 0)
    leader.written = 0
    leader.finish(error)
    await t.throwsAsync(writing, { name: 'RemoteError', message: `${error.name}: ${error.message}` })
  }
})

test('a node that closes tells so: what is sent to it meanwhile may be repeated', async t => {
  const { leader, wire, remote } = await wired(t)
  const outcomes: Promise<Error | undefined>[] = []
  const ask = () => {
    leader.finish()
    outcomes.push(
      remote.write(PUT).then(
        () => undefined,
        error => error,
      ),
    )
  }
  ask()
  await until(() => leader.written === 1)
  const closing = wire.server.close()
  for (let i = 0; i < 20; i++) {
    ask()
    await new Promise(resolve => setImmediate(resolve))
  }
  while (leader.written > 0 && outcomes.length < 100) ask()
  await closing
  const errors = (await Promise.all(outcomes)).filter(error => error !== undefined)
  t.true(errors.length > 10)
  t.true(errors.every(isRepeatable))
})

test('a node that closes answers what it was asked, and is asked no more', async t => {
  const { leader, wire, remote } = await wired(t)
  const writing = remote.write(PUT)
  await until(() => leader.written === 1)
  const closing = wire.server.close()
  const late = await failure(remote.write(PUT))
  t.true(isRepeatable(late.error))
  leader.finish()
  await t.notThrowsAsync(writing)
  await closing
  t.is(leader.written, 1)
})
