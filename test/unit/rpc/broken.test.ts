/** What makes no sense ends the connection it came on, at most: nothing hangs, and the process goes on. */
import { once } from 'node:events'
import { connect as dial, type Socket } from 'node:net'
import test from 'ava'
import fc from 'fast-check'
import { silent } from '../../../server/base/logger.ts'
import { untraced } from '../../../server/base/tracer.ts'
import { NotLeading } from '../../../server/replica/pipeline.ts'
import { RpcClient } from '../../../server/rpc/client.ts'
import { RemoteError } from '../../../server/rpc/errors.ts'
import { CALL, ERROR, FrameWriter, PROTOCOL, RESULT } from '../../../server/rpc/frames.ts'
import { remoteLeader } from '../../../server/rpc/leader.ts'
import { LIMITS } from '../../../server/rpc/limits.ts'
import { METHODS } from '../../../server/rpc/methods.ts'
import { PLAIN, partitionSchema } from '../partition/given.ts'
import { clock, lead } from '../replica/fakes.ts'
import { KEY, listen, standin, upgraded } from './standin.ts'
import { connect } from './wire.ts'

/** A frame of any of the methods, with any content. */
const call = fc
  .tuple(fc.constantFrom(...METHODS.keys(), 'none'), fc.uint8Array({ maxLength: 60 }))
  .map(([name, rest]) => {
    const out = new FrameWriter()
    out.begin(7, CALL)
    out.text(name)
    out.text('p')
    out.text('')
    for (const byte of rest) out.u8(byte)
    out.finish()
    return out.take()
  })

/** A frame, cut off or with some of its bytes changed. */
const mangled = fc
  .tuple(call, fc.nat(), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }))
  .map(([frame, end, changes]) => {
    const bytes = Buffer.from(frame.subarray(0, (end % (frame.length * 3)) + 1))
    for (const [at, byte] of changes) bytes[at % bytes.length] = byte
    return bytes
  })
const noise = fc.uint8Array({ minLength: 1, maxLength: 200 }).map(bytes => Buffer.from(bytes))
const anything = fc
  .array(fc.oneof(call, mangled, noise), { minLength: 1, maxLength: 4 })
  .map(parts => Buffer.concat(parts))

/** A connection to the address, upgraded. */
async function raw(address: string): Promise<Socket> {
  const socket = dial(Number(new URL(address).port), '127.0.0.1')
  socket.on('error', () => {})
  socket.write(`GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${PROTOCOL}\r\n\r\n`)
  await once(socket, 'data')
  socket.resume()
  return socket
}

test('a server that is told nonsense goes on', async t => {
  const { leader } = await lead({ schema: partitionSchema(PLAIN) })
  const wire = await connect(leader)
  t.teardown(async () => {
    await wire.close()
    leader.stop('the test is over')
  })
  const remote = wire.remote()
  const property = fc.asyncProperty(anything, async bytes => {
    const socket = await raw(wire.server.address)
    socket.end(bytes)
    await once(socket, 'close')
    t.is(await remote.get(KEY), undefined)
  })
  await fc.assert(property, { numRuns: 200 })
})

test('a client that is told nonsense fails its calls, in time', async t => {
  const answer = fc.tuple(fc.constantFrom(RESULT, ERROR, 9), fc.uint8Array({ maxLength: 60 })).map(([kind, rest]) => {
    const out = new FrameWriter()
    out.begin(2, kind)
    for (const byte of rest) out.u8(byte)
    out.finish()
    return out.take()
  })
  const limits = { ...LIMITS, callMs: 100, quietMs: 50, deadMs: 200 }
  const property = fc.asyncProperty(fc.oneof(answer, noise), async bytes => {
    const listener = await listen(
      t,
      upgraded(socket => socket.write(bytes)),
    )
    const client = new RpcClient({ tls: undefined, clock, tracer: untraced, logger: silent, limits })
    const outcome = await Promise.resolve(remoteLeader(client, listener.address, 'p').get(KEY)).catch(error => error)
    client.close()
    await listener.close()
    const isRefusal = outcome instanceof NotLeading || outcome instanceof RemoteError
    t.true(isRefusal || outcome === undefined || typeof outcome.json === 'string', String(outcome))
  })
  await fc.assert(property, { numRuns: 60 })
})

test('a length that is never followed by its bytes holds nobody up', async t => {
  const wire = await connect(standin())
  t.teardown(wire.close)
  const socket = await raw(wire.server.address)
  socket.write(Buffer.from([0, 0, 0, 1]))
  t.is(await wire.remote().get(KEY), undefined)
  socket.destroy()
})

test('what is no upgrade is told that it should be', async t => {
  const wire = await connect(standin())
  t.teardown(wire.close)
  const response = await fetch(wire.server.address)
  t.is(response.status, 426)
  t.is(response.headers.get('upgrade'), PROTOCOL)
  const socket = dial(Number(new URL(wire.server.address).port), '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tavola-rpc/0\r\n\r\n')
  const [head] = await once(socket, 'data')
  t.regex(String(head), /^HTTP\/1.1 426 /)
  socket.destroy()
})
