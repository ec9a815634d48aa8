import { crc32, deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib'
import test from 'ava'
import { sharedTable, startApi } from './api.ts'
import { apiHeaders, call, exchange } from './http.ts'

const { db, docs, node } = await startApi()
const T = sharedTable(db, { key: 'pk:S' })
const { endpoint } = node
const get = (pk: string) => ({ TableName: T, Key: { pk: { S: pk } } })
const SERVICE = 'com.amazon.coral.service#'
const VALIDATION = '{"__type":"com.amazon.coral.validate#ValidationException","message":'

test('an answer has the headers that clients check', async t => {
  const { status, headers, bytes, text } = await call(endpoint, 'GetItem', get('nothing'))
  t.is(status, 200)
  t.is(text, '{}')
  t.is(headers['content-type'], 'application/x-amz-json-1.0')
  t.is(headers['x-amz-crc32'], `${crc32(bytes)}`)
  t.regex(headers['x-amzn-requestid'] as string, /^[A-Z0-9]{52}$/)
  t.is(headers.server, 'Server')
  t.is(headers['content-length'], '2')
})

test('an error has them too', async t => {
  const { status, headers, bytes, text } = await call(endpoint, 'GetItem', { TableName: 'nowhere', Key: {} })
  t.is(status, 400)
  t.is(
    text,
    '{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"Requested resource not found"}',
  )
  t.is(headers['x-amz-crc32'], `${crc32(bytes)}`)
  t.regex(headers['x-amzn-requestid'] as string, /^[A-Z0-9]{52}$/)
})

test('answers without members, and with none at all', async t => {
  t.is((await call(endpoint, 'PutItem', { TableName: T, Item: { pk: { S: 'put' } } })).text, '{}')
  const { text } = await call(endpoint, 'DescribeTable', { TableName: T })
  const ResourceArn = JSON.parse(text).Table.TableArn
  const tagged = await call(endpoint, 'TagResource', { ResourceArn, Tags: [{ Key: 'a', Value: 'b' }] })
  t.deepEqual([tagged.status, tagged.text, tagged.headers['x-amz-crc32']], [200, '', '0'])
})

test('capacity units are decimals', async t => {
  const { text } = await call(endpoint, 'GetItem', {
    ...get('a'),
    ReturnConsumedCapacity: 'TOTAL',
    ConsistentRead: true,
  })
  t.is(text, `{"ConsumedCapacity":{"TableName":"${T}","CapacityUnits":1.0}}`)
})

test('a failed condition carries the item', async t => {
  const Item = { pk: { S: 'failed' }, n: { N: '1' } }
  await db.putItem({ TableName: T, Item })
  const put = { TableName: T, Item, ConditionExpression: 'attribute_not_exists(pk)' }
  const type = 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException'
  const { status, text } = await call(endpoint, 'PutItem', { ...put, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' })
  t.is(status, 400)
  t.deepEqual(JSON.parse(text), { __type: type, message: 'The conditional request failed', Item })
})

test('big answers are compressed as the client likes, small ones never', async t => {
  await docs.put({ TableName: T, Item: { pk: 'big', v: 'abc '.repeat(5000) } })
  const plain = await call(endpoint, 'GetItem', get('big'))
  t.is(plain.headers['content-encoding'], undefined)
  for (const [accepted, encoding, unpack] of [
    ['gzip', 'gzip', gunzipSync],
    ['deflate, gzip;q=0.5', 'deflate', inflateSync],
    ['*', 'gzip', gunzipSync],
  ] as const) {
    const { headers, bytes } = await call(endpoint, 'GetItem', get('big'), { 'Accept-Encoding': accepted })
    t.is(headers['content-encoding'], encoding)
    t.true(bytes.length < 1000)
    t.is(unpack(bytes).toString(), plain.text)
    t.is(headers['x-amz-crc32'], `${crc32(bytes)}`)
  }
  const refused = await call(endpoint, 'GetItem', get('big'), { 'Accept-Encoding': 'gzip;q=0, br' })
  t.is(refused.headers['content-encoding'], undefined)
  const small = await call(endpoint, 'GetItem', get('nothing'), { 'Accept-Encoding': 'gzip' })
  t.deepEqual([small.headers['content-encoding'], small.text], [undefined, '{}'])
})

test('compressed requests are unpacked', async t => {
  const body = JSON.stringify({ TableName: T, Item: { pk: { S: 'packed' }, v: { S: 'x'.repeat(10_000) } } })
  const half = body.length >> 1
  const members = Buffer.concat([gzipSync(body.slice(0, half)), gzipSync(body.slice(half))])
  for (const [encoding, bytes] of [
    ['gzip', gzipSync(body)],
    ['gzip', members],
    ['deflate', deflateSync(body)],
  ] as const) {
    const { status } = await call(endpoint, 'PutItem', bytes, { 'Content-Encoding': encoding })
    t.is(status, 200)
  }
  const { Item } = await docs.get({ TableName: T, Key: { pk: 'packed' } })
  t.is(Item!.v.length, 10_000)
  const broken = await call(endpoint, 'PutItem', 'no gzip', { 'Content-Encoding': 'gzip' })
  t.true(broken.status >= 400)
})

test('a body over 16 MB is refused, packed or not', async t => {
  const body = Buffer.alloc(16 * 1024 * 1024 + 1, ' ')
  t.is((await call(endpoint, 'PutItem', body)).status, 413)
  t.is((await call(endpoint, 'PutItem', gzipSync(body), { 'Content-Encoding': 'gzip' })).status, 413)
  t.is((await call(endpoint, 'GetItem', get('alive'))).status, 200)
})

test('GET says that all is well', async t => {
  const { status, text } = await exchange(endpoint, { method: 'GET' })
  t.deepEqual([status, text], [200, 'healthy: dynamodb.us-east-1.amazonaws.com '])
})

test('other methods, paths and content types are not found', async t => {
  const notFound = [404, '<UnknownOperationException/>\n']
  for (const method of ['PUT', 'DELETE', 'PATCH']) {
    const { status, text } = await exchange(endpoint, { method })
    t.deepEqual([status, text], notFound)
  }
  const type = await call(endpoint, 'GetItem', get('a'), { 'Content-Type': 'text/plain' })
  t.deepEqual([type.status, type.text], notFound)
  const json = await call(endpoint, 'GetItem', get('a'), { 'Content-Type': 'application/json; charset=utf-8' })
  t.deepEqual([json.status, json.headers['content-type']], [200, 'application/json'])
})

test('browsers may call from anywhere', async t => {
  const headers = {
    Origin: 'http://localhost:3000',
    'Access-Control-Request-Method': 'POST',
    'Access-Control-Request-Headers': 'authorization,x-amz-target',
  }
  const preflight = await exchange(endpoint, { method: 'OPTIONS', headers })
  t.is(preflight.status, 200)
  t.is(preflight.headers['access-control-allow-origin'], '*')
  t.is(preflight.headers['access-control-allow-headers'], 'authorization,x-amz-target')
  t.is(preflight.headers['access-control-max-age'], '172800')
  const { headers: answered } = await call(endpoint, 'GetItem', get('a'), { Origin: 'http://localhost:3000' })
  t.is(answered['access-control-allow-origin'], '*')
})

const BARE: [string, string | Buffer, string][] = [
  ['no JSON', '{"TableName":', 'SerializationException'],
  ['an array', '[]', 'SerializationException'],
  ['a string', '"x"', 'SerializationException'],
  ['no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), 'SerializationException'],
  ['nothing', '', 'SerializationException'],
]
for (const [kind, body, code] of BARE) {
  test(`a body that is ${kind} is a bare ${code}`, async t => {
    const { status, text } = await call(endpoint, 'GetItem', body)
    t.deepEqual([status, text], [400, `{"__type":"${SERVICE}${code}"}`])
  })
}

const MISTYPED: [object, string][] = [
  [{ TableName: 5, Key: {} }, 'NUMBER_VALUE cannot be converted to String'],
  [{ TableName: true, Key: {} }, 'TRUE_VALUE cannot be converted to String'],
  [{ TableName: ['T'], Key: {} }, 'Unrecognized collection type class java.lang.String'],
  [{ TableName: {}, Key: {} }, 'Start of structure or map found where not expected'],
  [{ TableName: T, Key: 'x' }, 'Unexpected field type'],
  [{ TableName: T, Key: { pk: 'x' } }, 'Unexpected value type in payload'],
  [{ TableName: T, Key: { pk: { S: 5 } } }, 'NUMBER_VALUE cannot be converted to String'],
  [{ TableName: T, Key: { pk: { B: 'abc' } } }, 'Base64 encoded length is expected a multiple of 4 bytes but found: 3'],
  [{ TableName: T, Key: {}, ConsistentRead: 'maybe' }, 'Unexpected token received from parser'],
]
for (const [request, message] of MISTYPED) {
  test(`mistyped: ${JSON.stringify(request)}`, async t => {
    const { status, text } = await call(endpoint, 'GetItem', request)
    t.is(status, 400)
    t.deepEqual(JSON.parse(text), { __type: `${SERVICE}SerializationException`, Message: message })
  })
}

test('members that are null are absent, unknown ones are ignored', async t => {
  const { status, text } = await call(endpoint, 'GetItem', { ...get('a'), ConsistentRead: null, Whatever: [1] })
  t.deepEqual([status, text], [200, '{}'])
})

test('several violations are told together', async t => {
  const { text } = await call(endpoint, 'GetItem', { TableName: '?', Key: null, ReturnConsumedCapacity: 'x' })
  const { message } = JSON.parse(text)
  t.true(message.startsWith('3 validation errors detected: '))
  t.true(
    message.includes(
      "Value 'x' at 'returnConsumedCapacity' failed to satisfy constraint: Member must satisfy enum value set: [INDEXES, TOTAL, NONE]",
    ),
  )
  t.true(
    message.includes(
      "Value '?' at 'tableName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
    ),
  )
  t.true(message.includes("Value null at 'key' failed to satisfy constraint: Member must not be null"))
  t.true(text.startsWith(VALIDATION))
})

test('an unknown target is an unknown operation', async t => {
  for (const target of ['DynamoDB_20120810.Nope', 'GetItem', 'DynamoDB_20111205.GetItem']) {
    const { status, text } = await call(endpoint, '', get('a'), { 'X-Amz-Target': target })
    t.deepEqual([status, text], [400, `{"__type":"${SERVICE}UnknownOperationException"}`])
  }
})

async function refusedAuth(headers: Record<string, string | undefined>, path = '/') {
  const merged = { ...apiHeaders('ListTables'), ...headers }
  const sent = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined))
  const { status, text } = await exchange(endpoint, { headers: sent as Record<string, string>, body: '{}', path })
  const { __type, message } = JSON.parse(text)
  return [status, __type?.replace(SERVICE, ''), message]
}

test('requests must be signed, if only in form', async t => {
  t.deepEqual(await refusedAuth({ Authorization: undefined }), [
    400,
    'MissingAuthenticationTokenException',
    'Request is missing Authentication Token',
  ])
  t.deepEqual(await refusedAuth({ Authorization: 'Basic abc' }), [
    400,
    'MissingAuthenticationTokenException',
    'Request is missing Authentication Token',
  ])
  t.deepEqual(await refusedAuth({ Authorization: 'AWS4-HMAC-SHA256 Credential=a', 'X-Amz-Date': undefined }), [
    400,
    'IncompleteSignatureException',
    "Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256 Credential=a",
  ])
  t.deepEqual(await refusedAuth({}, '/?X-Amz-Algorithm=AWS4-HMAC-SHA256'), [
    400,
    'InvalidSignatureException',
    "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
  ])
})

test('what is refused leaves the connection usable', async t => {
  for (let i = 0; i < 20; i++) {
    t.is((await call(endpoint, 'PutItem', '{')).status, 400)
    t.is((await call(endpoint, 'GetItem', get('a'))).status, 200)
  }
})
