/** Requests and answers as DynamoDB's: facts, sections 1.1 to 1.4. */
import { crc32 } from 'node:zlib'
import test, { type ExecutionContext } from 'ava'
import { AUTHORIZATION, type Reply, start } from './harness.ts'

const SERVICE = 'com.amazon.coral.service#'
const TYPE = 'application/x-amz-json-1.0'

function assertHeaders(t: ExecutionContext, reply: Reply, type = TYPE) {
  t.is(reply.headers['content-type'], type)
  t.is(reply.headers['content-length'], String(reply.body.length))
  t.is(reply.headers['x-amz-crc32'], String(crc32(reply.body)))
  t.regex(reply.headers['x-amzn-requestid'] as string, /^[A-Z0-9]{52}$/)
  t.is(reply.headers.server, 'Server')
  t.truthy(reply.headers.date)
}

test('an answer and its headers', async t => {
  const harness = await start(t)
  const reply = await harness.send('Echo', { body: '{"Text":"häh"}' })
  t.is(reply.status, 200)
  t.is(reply.body.toString(), '{"Text":"häh"}')
  t.is(reply.headers.connection, 'keep-alive')
  assertHeaders(t, reply)
  t.not((await harness.send('Empty')).headers['x-amzn-requestid'], reply.headers['x-amzn-requestid'])
})

test('answers that are text already, or empty, and the streams target', async t => {
  const harness = await start(t)
  t.is((await harness.send('Text')).body.toString(), '{"a" : 1}')
  const empty = await harness.send('Empty')
  t.is(empty.status, 200)
  t.is(empty.body.length, 0)
  assertHeaders(t, empty)
  const streams = await harness.send('', { headers: { 'X-Amz-Target': 'DynamoDBStreams_20120810.Stream' } })
  t.is(JSON.parse(streams.body.toString()).id, streams.headers['x-amzn-requestid'])
})

test('the content type is echoed without its parameters', async t => {
  const harness = await start(t)
  const type = (value: string) => harness.send('Empty', { headers: { 'Content-Type': value } })
  assertHeaders(t, await type('application/json; charset=utf-8'), 'application/json')
  assertHeaders(t, await type('application/x-amz-json-1.0 ; x'), TYPE)
})

test('errors', async t => {
  const harness = await start(t)
  const refused = await harness.send('Refuse')
  t.is(refused.status, 400)
  t.is(refused.body.toString(), '{"__type":"com.amazon.coral.validate#ValidationException","message":"no"}')
  assertHeaders(t, refused)
  const type = await harness.send('Echo', { body: '{"Text":1}' })
  t.is(
    type.body.toString(),
    `{"__type":"${SERVICE}SerializationException","Message":"NUMBER_VALUE cannot be converted to String"}`,
  )
  t.deepEqual(
    harness.logged.filter(line => line.level === 'error'),
    [],
  )
})

test('a defect is logged and answers 500 without saying more', async t => {
  const harness = await start(t)
  const reply = await harness.send('Crash')
  t.is(reply.status, 500)
  t.is(JSON.parse(reply.body.toString()).__type, 'com.amazonaws.dynamodb.v20120810#InternalServerError')
  t.notRegex(reply.body.toString(), /defect/)
  const [line] = harness.logged.filter(entry => entry.level === 'error')
  t.is((line!.fields.err as Error).message, 'a defect')
  t.is(line!.fields.requestId as string, reply.headers['x-amzn-requestid'] as string)
})

test('one line of debug log for each request', async t => {
  const harness = await start(t)
  const reply = await harness.send('Empty')
  const [line] = harness.logged
  t.like(line!.fields, { requestId: reply.headers['x-amzn-requestid'], operation: 'Empty', status: 200 })
  t.is(typeof line!.fields.ms, 'number')
})

test('the order of checks', async t => {
  const harness = await start(t)
  const type = async (options: Parameters<typeof harness.send>[1], name = 'Echo') => {
    const reply = await harness.send(name, options)
    return reply.status === 400 ? reply.body.toString() : `${reply.status} ${reply.body}`
  }
  const bare = (code: string) => JSON.stringify({ __type: SERVICE + code })
  const NOT_FOUND = '404 <UnknownOperationException/>\n'
  const nothing = { 'X-Amz-Target': undefined, Authorization: undefined }
  // Content type, before JSON.
  t.is(await type({ body: '{', headers: { ...nothing, 'Content-Type': 'text/plain' } }), NOT_FOUND)
  t.is(await type({ body: '{', headers: { ...nothing, 'Content-Type': undefined } }), NOT_FOUND)
  // JSON, before the target.
  for (const body of ['{', '{]', '[]', 'null', '1', '"a"', ' ', '{"a":01}', '\ufeff{}', '{}{}'])
    t.is(await type({ body, headers: nothing }), bare('SerializationException'), body)
  // The target, before authentication; a content type is of no interest without a body.
  t.is(await type({ headers: nothing }), bare('UnknownOperationException'))
  t.is(
    await type({ body: '', headers: { ...nothing, 'Content-Type': 'text/plain' } }),
    bare('UnknownOperationException'),
  )
  t.is(await type({ headers: { Authorization: undefined } }, 'Nope'), bare('UnknownOperationException'))
  t.is(await type({ headers: { 'X-Amz-Target': 'DynamoDB_20111205.Echo' } }), bare('UnknownOperationException'))
  t.is(await type({ headers: { 'X-Amz-Target': 'DynamoDB_20120810.constructor' } }), bare('UnknownOperationException'))
  // Authentication, before the empty body.
  const missing = {
    __type: `${SERVICE}MissingAuthenticationTokenException`,
    message: 'Request is missing Authentication Token',
  }
  t.is(await type({ body: '', headers: { Authorization: undefined } }), JSON.stringify(missing))
  t.is(await type({ body: '{"Text":1}', headers: { Authorization: undefined } }), JSON.stringify(missing))
  // The empty body, then types, then limits.
  t.is(await type({ body: '' }), bare('SerializationException'))
  t.regex(await type({ body: '{"Text":"","Times":{}}' }), /Start of structure or map found where not expected/)
  t.regex(await type({ body: '{"Text":""}' }), /1 validation error detected: Value '' at 'text'/)
})

test('the query form of a signature', async t => {
  const harness = await start(t)
  const query =
    'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%2Fb%2Fc%2Fd%2Fe&X-Amz-Date=20000101T000000Z&X-Amz-SignedHeaders=host&X-Amz-Signature=0'
  const reply = await harness.send('Empty', { path: `/?${query}`, headers: { Authorization: undefined } })
  t.is(reply.status, 200)
  t.regex((await harness.send('Empty', { path: `/?${query}` })).body.toString(), /Found both/)
})

test('a page takes its input from the URL, and is signed like any request', async t => {
  const harness = await start(t)
  const get = (path: string, headers = {}) =>
    harness.send('', { method: 'GET', path, body: '', headers: { 'X-Amz-Target': undefined, ...headers } })
  const page = await get('/echo?Text=a%2Fb&__proto__=x')
  t.is(page.status, 200)
  t.is(page.body.toString(), '{"Text":"a/b"}')
  assertHeaders(t, page, 'application/x-amz-json-1.0')
  const violation = (await get('/echo')).body.toString()
  t.regex(violation, /Value null at 'text' failed to satisfy constraint: Member must not be null/)
  const query =
    'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%2Fb%2Fc%2Fd%2Fe&X-Amz-Date=20000101T000000Z&X-Amz-SignedHeaders=host&X-Amz-Signature=0'
  t.is((await get(`/echo?Text=a&${query}`, { Authorization: undefined })).status, 200)
  t.regex((await get('/echo?Text=a', { Authorization: undefined })).body.toString(), /MissingAuthenticationToken/)
  t.is((await harness.send('Echo', { path: '/echo', body: '{"Text":"a"}' })).status, 404)
})

test('what is no API request', async t => {
  const harness = await start(t)
  const bare = {
    'X-Amz-Target': undefined,
    'Content-Type': undefined,
    Authorization: undefined,
    'Content-Length': undefined,
  }
  const get = async (path: string) => harness.send('', { method: 'GET', path, headers: bare, body: '' })
  const healthy = await get('/')
  t.is(healthy.status, 200)
  t.is(healthy.body.toString(), 'healthy: dynamodb.eu-west-1.amazonaws.com ')
  assertHeaders(t, healthy, 'text/plain')
  t.is((await get('/anything?x')).body.toString(), healthy.body.toString())
  t.is((await get('/healthz')).body.toString(), '{"status":"ok"}')
  const metrics = await get('/metrics')
  t.is(metrics.body.toString(), 'metrics 1\n')
  assertHeaders(t, metrics, 'text/plain; version=0.0.4; charset=utf-8')
  t.is((await get('/readyz')).status, 200)
  harness.ready = false
  t.is((await get('/readyz')).status, 503)
  t.is((await get('/readyz')).body.toString(), '{"ready":false}')
  t.is((await get('/healthz')).status, 200)
  for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD'])
    t.is((await harness.send('', { method, headers: bare, body: '' })).status, 404, method)
  for (const path of ['/other', '//', '/%/x']) t.is((await harness.send('Empty', { path })).status, 404, path)
  t.is((await harness.send('Empty', { method: 'GET', body: '' })).body.toString(), '<UnknownOperationException/>\n')
})

test('cross-origin requests', async t => {
  const harness = await start(t)
  const plain = await harness.send('Empty')
  t.is(plain.headers['access-control-allow-origin'], undefined)
  for (const name of ['Empty', 'Refuse', 'Nope']) {
    const reply = await harness.send(name, { headers: { Origin: 'http://x' } })
    t.is(reply.headers['access-control-allow-origin'], '*')
    for (const header of ['x-amzn-RequestId', 'x-amzn-ErrorType', 'x-amz-crc32', 'Date'])
      t.true(reply.headers['access-control-expose-headers']!.split(',').includes(header))
  }
  const preflight = await harness.send('', {
    method: 'OPTIONS',
    body: '',
    headers: {
      'X-Amz-Target': undefined,
      Authorization: undefined,
      Origin: 'http://x',
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'a, b',
    },
  })
  t.is(preflight.status, 200)
  t.like(preflight.headers, {
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': 'a, b',
    'access-control-max-age': '172800',
  })
})

test('bytes that are no UTF-8 are no JSON', async t => {
  const harness = await start(t)
  const body = Buffer.concat([Buffer.from('{"Text":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')])
  t.is((await harness.send('Echo', { body })).body.toString(), `{"__type":"${SERVICE}SerializationException"}`)
})

test('nesting without end is refused in no time', async t => {
  const harness = await start(t)
  const send = async (body: string) => (await harness.send('Echo', { body })).body.toString()
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
  const begun = performance.now()
  for (const body of [nested(8_000_000), `  ${nested(1_000_000)}`, '['.repeat(1_000_000)])
    t.is(await send(body), `{"__type":"${SERVICE}SerializationException"}`)
  t.regex(await send(`{"Text":${nested(7_000_000)}}`), /Nesting Levels have exceeded supported limits/)
  t.regex(await send(` {"a\\"":${'{"b":'.repeat(2_000_000)}`), /Nesting Levels have exceeded supported limits/)
  t.true(performance.now() - begun < 3000)
  t.regex(await send(`{"Text":${nested(10_000)}}`), /Unrecognized collection type/)
  t.is(await send(`{"Text":"x","Unknown":${nested(10_000)}}`), '{"Text":"x"}')
})

test('brackets in strings do not nest', async t => {
  const harness = await start(t)
  const Text = '[{"\\'.repeat(20_000)
  const reply = await harness.send('Echo', { body: JSON.stringify({ a: [[{}], {}], Text, b: Array(2000).fill([]) }) })
  t.is(JSON.parse(reply.body.toString()).Text, Text)
})

test('an AWS4 header of any kind will do, whatever its date and scope', async t => {
  const harness = await start(t)
  const Authorization = AUTHORIZATION.replace('eu-west-1/dynamodb', 'mars/other')
  t.is((await harness.send('Empty', { headers: { Authorization } })).status, 200)
})
