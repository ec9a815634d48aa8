/** Compressed requests and answers, and the limit on bodies. */
import { crc32, deflateRawSync, deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib'
import test from 'ava'
import { chooseEncoding } from '../../../server/http/encoding.ts'
import { start } from './harness.ts'

const MAX = 16 * 1024 * 1024
const SERIALIZATION = '{"__type":"com.amazon.coral.service#SerializationException"}'

test('requests may be compressed', async t => {
  const harness = await start(t)
  const send = async (encoding: string, body: Buffer) =>
    (await harness.send('Echo', { body, headers: { 'Content-Encoding': encoding } })).body.toString()
  const text = '{"Text":"hello"}'
  t.is(await send('gzip', gzipSync(text)), text)
  t.is(await send('GZIP', gzipSync(text)), text)
  t.is(await send('deflate', deflateSync(text)), text)
  t.is(await send('deflate', deflateRawSync(text)), text)
  t.is(await send('gzip', Buffer.concat([gzipSync('{"Text":'), gzipSync('"hello"}')])), text)
  t.is(await send('identity', Buffer.from(text)), text)
  t.is(await send('gzip', Buffer.from(text)), SERIALIZATION)
  t.is(await send('gzip', gzipSync(text).subarray(0, -3)), SERIALIZATION)
  t.is(await send('deflate', Buffer.from([1, 2, 3])), SERIALIZATION)
  t.is(await send('br', Buffer.from([1, 2, 3])), SERIALIZATION)
  t.is(await send('gzip', Buffer.alloc(0)), SERIALIZATION)
})

test('a body may have 16 MB, before and after decompression', async t => {
  const harness = await start(t)
  const padded = (length: number) => '{"Text":"x","Unknown":"'.padEnd(length - 2, 'x').concat('"}')
  t.is((await harness.send('Echo', { body: padded(MAX) })).status, 200)
  const plain = await harness.send('Echo', { body: padded(MAX + 1) })
  t.is(plain.status, 413)
  t.is(plain.headers.connection, 'close')
  t.regex(plain.body.toString(), /RequestEntityTooLargeException/)
  const chunked = { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' }
  t.is((await harness.send('Echo', { body: padded(MAX + 1), headers: chunked })).status, 413)
  const gzip = { 'Content-Encoding': 'gzip' }
  t.is((await harness.send('Echo', { body: gzipSync(padded(MAX)), headers: gzip })).status, 200)
  t.is((await harness.send('Echo', { body: gzipSync(padded(MAX + 1)), headers: gzip })).status, 413)
  const bomb = gzipSync(Buffer.alloc(100_000_000), { level: 1 })
  t.is((await harness.send('Echo', { body: bomb, headers: gzip })).status, 413)
  t.is((await harness.send('Echo', { body: '{"Text":"alive"}' })).body.toString(), '{"Text":"alive"}')
})

test('an absurd Content-Length is refused at once', async t => {
  const harness = await start(t)
  const head = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n'
  const answer = await harness.raw(head)
  t.regex(answer, /^HTTP\/1\.1 413 /)
  t.is(answer.split('HTTP/1.1 ').length, 2)
})

test('large answers are compressed if the client likes it', async t => {
  const harness = await start(t)
  const send = (headers: Record<string, string | string[] | undefined>, Times = 500) =>
    harness.send('Echo', { body: JSON.stringify({ Text: '0123456789', Times }), headers })
  const text = JSON.stringify({ Text: '0123456789'.repeat(500) })
  const gzip = await send({ 'Accept-Encoding': 'gzip' })
  t.is(gzip.headers['content-encoding'], 'gzip')
  t.is(gunzipSync(gzip.body).toString(), text)
  t.is(gzip.headers['x-amz-crc32'], String(crc32(gzip.body)))
  t.is(gzip.headers['content-length'], String(gzip.body.length))
  const deflate = await send({ 'Accept-Encoding': 'gzip;q=0.1, deflate' })
  t.is(deflate.headers['content-encoding'], 'deflate')
  t.is(inflateSync(deflate.body).toString(), text)
  for (const headers of [{}, { 'Accept-Encoding': 'identity' }, { 'Accept-Encoding': ['identity', 'gzip'] }]) {
    const plain = await send(headers)
    t.is(plain.headers['content-encoding'], undefined)
    t.is(plain.body.toString(), text)
  }
  t.is((await send({ 'Accept-Encoding': ['gzip', 'identity'] })).headers['content-encoding'], 'gzip')
  t.is((await send({ 'Accept-Encoding': 'gzip' }, 400)).headers['content-encoding'], undefined)
})

test('the choice of an encoding', t => {
  const ROWS: [header: string, encoding: string | undefined][] = [
    ['', undefined],
    ['gzip', 'gzip'],
    ['deflate', 'deflate'],
    ['gzip, deflate', 'gzip'],
    ['deflate, gzip', 'gzip'],
    ['gzip;q=0.5, deflate;q=0.8', 'deflate'],
    ['gzip;q=0, deflate', 'deflate'],
    ['gzip;q=0', undefined],
    ['br', undefined],
    ['*', 'gzip'],
    ['*;q=0.3, gzip;q=0', 'deflate'],
    ['*, gzip;q=0.2', 'deflate'],
    ['identity;q=1, gzip;q=0.5', undefined],
    ['identity;q=0.5, gzip', 'gzip'],
    ['GZIP ; q=0.5 , x', 'gzip'],
    ['gzip;q=nonsense', undefined],
    ['gzip;q=7', undefined],
  ]
  for (const [header, encoding] of ROWS) t.is(chooseEncoding(header), encoding as never, header)
})
