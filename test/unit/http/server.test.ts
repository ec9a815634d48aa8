/** What is hardly HTTP, and the end of the server. */
import { once } from 'node:events'
import { connect } from 'node:net'
import test from 'ava'
import { AUTHORIZATION, start } from './harness.ts'

const HEAD = `POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: DynamoDB_20120810.Empty\r\nContent-Type: application/json\r\nAuthorization: ${AUTHORIZATION}\r\nX-Amz-Date: 20000101T000000Z\r\n`

const BROKEN: [name: string, bytes: string, status?: number][] = [
  ['no HTTP at all', 'hello\r\n\r\n'],
  ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ['a header without a colon', 'POST / HTTP/1.1\r\nHost x\r\n\r\n'],
  ['no Host', 'POST / HTTP/1.1\r\n\r\n'],
  ['two lengths', `${HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}`],
  ['a length and chunks', `${HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}`],
  ['a length that is no number', `${HEAD}Content-Length: x\r\n\r\n{}`],
  ['a chunk without a size', `${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n`],
  ['headers of 20 KB', `POST / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`],
  ['a request line of 20 KB', `POST /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
  ['CONNECT', 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n', 404],
]

for (const [name, bytes, status = 400] of BROKEN)
  test(`one clean answer to ${name}`, async t => {
    const harness = await start(t)
    const answer = await harness.raw(Buffer.from(bytes, 'latin1'))
    t.is(answer.slice(0, 12), `HTTP/1.1 ${status}`)
    t.is(answer.split('HTTP/1.1 ').length, 2, answer)
    t.is((await harness.send('Empty')).status, 200)
  })

test('URLs that no parser likes', async t => {
  const harness = await start(t)
  for (const url of ['http://[', 'http://[::1', '//x', '/%zz', 'x', '*', '/?%zz=%', 'http://a:b:c/']) {
    const answer = await harness.raw(HEAD.replace('POST / ', `POST ${url} `).concat('Connection: close\r\n\r\n'))
    t.regex(answer, /^HTTP\/1\.1 4/, url)
  }
  const absolute = await harness.raw(
    HEAD.replace('POST / ', 'POST http://host:1/ ').concat('Connection: close\r\nContent-Length: 2\r\n\r\n{}'),
  )
  t.regex(absolute, /^HTTP\/1\.1 200/)
  t.deepEqual(
    harness.logged.filter(line => line.level === 'error'),
    [],
  )
})

test('a client that leaves in the middle of its body disturbs nobody', async t => {
  const harness = await start(t)
  const socket = connect(harness.port)
  socket.write(`${HEAD}Content-Length: 100\r\n\r\n{"a":`)
  await once(socket, 'connect')
  await new Promise(resolve => setTimeout(resolve, 30))
  socket.destroy()
  await new Promise(resolve => setTimeout(resolve, 30))
  t.is((await harness.send('Empty')).status, 200)
  t.deepEqual(
    harness.logged.filter(line => line.level === 'error'),
    [],
  )
})

test('closing lets requests finish and idle connections go', async t => {
  const harness = await start(t)
  const idle = connect(harness.port)
  await once(idle, 'connect')
  idle.write(`${HEAD}Content-Length: 2\r\n\r\n{}`)
  await once(idle, 'data')
  const begun = once(harness.server.node, 'request')
  const slow = harness.send('Slow', { headers: { Connection: 'keep-alive' } })
  await begun
  const idleClosed = once(idle, 'close')
  const { port } = harness
  const closing = performance.now()
  const closed = harness.server.close(5000)
  t.is((await slow).body.toString(), '{"done":true}')
  await Promise.all([closed, idleClosed])
  t.true(performance.now() - closing < 2000)
  const [error] = await once(connect(port), 'error').catch(refused => [refused])
  t.is(error.code, 'ECONNREFUSED')
})

test('closing does not wait for ever', async t => {
  const harness = await start(t)
  const begun = once(harness.server.node, 'request')
  const socket = connect(harness.port)
  socket.on('error', () => {})
  socket.write(`${HEAD}Content-Length: 100\r\n\r\n{`)
  await begun
  const socketClosed = once(socket, 'close')
  await harness.server.close(100)
  await socketClosed
  t.false(harness.server.node.listening)
})
