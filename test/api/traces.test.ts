/** Traces of a real process, as a collector receives them. */
import { randomBytes } from 'node:crypto'
import test, { type ExecutionContext } from 'ava'
import { type ReceivedSpan, type Receiver, startReceiver } from '../helpers/otlp.ts'
import { spawnTavola, type TavolaProcess } from '../helpers/process.ts'
import { Receiver as Functions } from '../helpers/receiver.ts'
import { until } from './mappings.ts'

const SERVER = 2
const FAILED = 2

/** Prints, at the end, which of OpenTelemetry's packages the process has loaded. */
const TELL_LOADED = `--import=data:text/javascript,${encodeURIComponent(`
  import { createRequire } from 'node:module'
  const { cache } = createRequire('file:///')
  process.on('exit', () => {
    const names = Object.keys(cache).map(path => /@opentelemetry\\/([^/]+)/.exec(path)?.[1]).filter(Boolean)
    console.error('LOADED ' + JSON.stringify([...new Set(names)]))
  })`)}`

async function startTraced(t: ExecutionContext, env: NodeJS.ProcessEnv, args: string[] = []): Promise<TavolaProcess> {
  const tavola = await spawnTavola(['--in-memory', '--log-level', 'debug', ...args], { env })
  t.teardown(() => tavola.kill())
  return tavola
}

const AUTHORIZATION = 'AWS4-HMAC-SHA256 Credential=A/20000101/r/dynamodb/aws4_request, SignedHeaders=host, Signature=00'

type Reply = { status: number; text: string; requestId: string; traceId: string; parentId: string }

/** Sends a request as part of a trace of its own. */
async function send(tavola: TavolaProcess, operation: string, input: object, sampled = true): Promise<Reply> {
  const [traceId, parentId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')]
  const response = await fetch(tavola.endpoint, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/x-amz-json-1.0',
      'X-Amz-Target': `DynamoDB_20120810.${operation}`,
      'X-Amz-Date': '20000101T000000Z',
      Authorization: AUTHORIZATION,
      traceparent: `00-${traceId}-${parentId}-${sampled ? '01' : '00'}`,
    },
    body: JSON.stringify(input),
  })
  const text = await response.text()
  const requestId = response.headers.get('x-amzn-requestid')!
  return { status: response.status, text, requestId, traceId, parentId }
}

const TABLE = {
  TableName: 'Music',
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
  KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
}
const ITEM = { TableName: 'Music', Item: { pk: { S: 'a' } } }
const KEY = { TableName: 'Music', Key: { pk: { S: 'a' } } }

/** The span of the request, and the names of its parts in the order of their beginnings. */
async function parts(receiver: Receiver, { traceId }: Reply, count: number) {
  const spans = await receiver.trace(traceId, count)
  const server = spans.find(span => span.kind === SERVER)!
  const inside = spans.filter(span => span.parentSpanId === server.spanId).sort(byStart)
  return { server, names: inside.map(({ name }) => name), inside }
}

const byStart = (a: ReceivedSpan, b: ReceivedSpan) =>
  BigInt(a.startTimeUnixNano) < BigInt(b.startTimeUnixNano) ? -1 : 1

function logLines(tavola: TavolaProcess): Record<string, unknown>[] {
  return tavola
    .stderr()
    .split('\n')
    .filter(line => line.startsWith('{'))
    .map(line => JSON.parse(line) as Record<string, unknown>)
}

test('a span for each request, under the caller’s, with its parts and the ids of the log', async t => {
  const receiver = await startReceiver(t)
  const tavola = await startTraced(t, receiver.env)
  await send(tavola, 'CreateTable', TABLE)
  const put = await send(tavola, 'PutItem', ITEM)
  const { server, names, inside } = await parts(receiver, put, 4)
  t.is(server.name, 'DynamoDB.PutItem')
  t.is(server.parentSpanId, put.parentId)
  t.like(server.attributes, {
    'rpc.system': 'aws-api',
    'rpc.service': 'DynamoDB',
    'rpc.method': 'PutItem',
    'aws.request_id': put.requestId,
    'http.response.status_code': 200,
  })
  t.deepEqual(server.attributes['aws.dynamodb.table_names'], ['Music'])
  t.is(server.resource['service.name'], 'tavola')
  t.deepEqual(names, ['evaluate', 'append', 'apply'])
  for (const span of inside) {
    t.true(BigInt(span.startTimeUnixNano) >= BigInt(server.startTimeUnixNano), span.name)
    t.true(BigInt(span.endTimeUnixNano) <= BigInt(server.endTimeUnixNano), span.name)
  }
  t.deepEqual((await parts(receiver, await send(tavola, 'GetItem', KEY), 2)).names, ['read'])
  t.deepEqual((await parts(receiver, await send(tavola, 'Scan', { TableName: 'Music' }), 2)).names, ['read'])
  const line = logLines(tavola).find(({ requestId }) => requestId === put.requestId)
  t.like(line, { operation: 'PutItem', status: 200, trace_id: put.traceId, span_id: server.spanId })
  t.deepEqual(line!.tables, ['Music'])
})

test('writes at the same time have parts of their own', async t => {
  const receiver = await startReceiver(t)
  const tavola = await startTraced(t, { ...receiver.env, OTEL_SERVICE_NAME: 'music-db' })
  await send(tavola, 'CreateTable', TABLE)
  const puts = await Promise.all(Array.from({ length: 5 }, () => send(tavola, 'PutItem', ITEM)))
  for (const put of puts) {
    const { server, names } = await parts(receiver, put, 4)
    t.deepEqual(names, ['evaluate', 'append', 'apply'])
    t.is(server.resource['service.name'], 'music-db')
  }
})

test('failures: the error’s code, and a failed condition is no failure of the server', async t => {
  const receiver = await startReceiver(t)
  const tavola = await startTraced(t, receiver.env)
  await send(tavola, 'CreateTable', TABLE)
  await send(tavola, 'PutItem', ITEM)
  const failed = await send(tavola, 'PutItem', { ...ITEM, ConditionExpression: 'attribute_not_exists(pk)' })
  const { server, inside } = await parts(receiver, failed, 2)
  t.like(server.attributes, { 'error.type': 'ConditionalCheckFailedException', 'http.response.status_code': 400 })
  t.not(server.status.code, FAILED)
  t.deepEqual(
    inside.map(({ name, status }) => [name, status.code === FAILED]),
    [['evaluate', false]],
  )
  const unknown = await parts(receiver, await send(tavola, 'NoSuchThing', {}), 1)
  t.is(unknown.server.name, 'DynamoDB')
})

test('what the caller does not sample is not sent', async t => {
  const receiver = await startReceiver(t)
  const tavola = await startTraced(t, receiver.env)
  await send(tavola, 'CreateTable', TABLE)
  const unsampled = await send(tavola, 'PutItem', ITEM, false)
  await receiver.trace((await send(tavola, 'PutItem', ITEM)).traceId, 4)
  t.deepEqual(
    receiver.spans.filter(({ traceId }) => traceId === unsampled.traceId),
    [],
  )
})

test('what a trigger calls for a change is a part of the trace of the request that made it', async t => {
  const [receiver, functions] = [await startReceiver(t), await Functions.start()]
  t.teardown(() => functions.close())
  const tavola = await startTraced(t, receiver.env)
  const StreamSpecification = { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' }
  await send(tavola, 'CreateTable', { ...TABLE, StreamSpecification })
  const traced = await send(tavola, 'PutItem', ITEM)
  const silent = await send(tavola, 'PutItem', { TableName: 'Music', Item: { pk: { S: 'b' } } }, false)
  const { server } = await parts(receiver, traced, 4)
  const stream = /"LatestStreamArn":"([^"]+)"/.exec(
    (await send(tavola, 'DescribeTable', { TableName: 'Music' })).text,
  )![1]!
  const response = await fetch(`${tavola.endpoint}/2015-03-31/event-source-mappings/`, {
    method: 'POST',
    headers: { Authorization: AUTHORIZATION, 'X-Amz-Date': '20000101T000000Z' },
    body: JSON.stringify({
      ...{ EventSourceArn: stream, FunctionName: `${functions.url}/f`, StartingPosition: 'TRIM_HORIZON', BatchSize: 1 },
    }),
  })
  t.is(response.status, 202, await response.text())
  await until(() => functions.received.length === 2)
  t.deepEqual(
    functions.received.map(({ headers }) => headers.traceparent),
    [`00-${traced.traceId}-${server.spanId}-01`, undefined],
  )
  t.is(silent.status, 200)
})

test('what is not sent yet goes out when the process closes', async t => {
  const receiver = await startReceiver(t)
  const tavola = await startTraced(t, { ...receiver.env, OTEL_BSP_SCHEDULE_DELAY: '60000' })
  const { traceId } = await send(tavola, 'ListTables', {})
  t.deepEqual(receiver.spans, [])
  t.is((await tavola.kill()).code, 0)
  t.is((await receiver.trace(traceId, 1))[0]!.name, 'DynamoDB.ListTables')
})

test('a collector that is away is a warning in the log, and nothing else', async t => {
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
    OTEL_BSP_SCHEDULE_DELAY: '20',
    OTEL_EXPORTER_OTLP_TIMEOUT: '300',
  }
  const tavola = await startTraced(t, env)
  t.is((await send(tavola, 'ListTables', {})).status, 200)
  const warned = async () => logLines(tavola).some(({ msg }) => msg === 'tracing is in trouble')
  await until(warned)
  t.is((await send(tavola, 'ListTables', {})).status, 200)
  t.is((await tavola.kill()).code, 0)
})

test('without its variables nothing of OpenTelemetry’s SDK is loaded', async t => {
  const loaded = async (env: NodeJS.ProcessEnv) => {
    const tavola = await startTraced(t, { ...env, NODE_OPTIONS: TELL_LOADED })
    await send(tavola, 'ListTables', {})
    await tavola.kill()
    return JSON.parse(/LOADED (.*)/.exec(tavola.stderr())![1]!) as string[]
  }
  t.deepEqual(await loaded({}), [])
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }
  t.deepEqual(await loaded({ ...endpoint, OTEL_SDK_DISABLED: 'true' }), [])
  t.deepEqual(await loaded({ ...endpoint, OTEL_TRACES_EXPORTER: 'none' }), [])
  const { env } = await startReceiver(t)
  t.true((await loaded(env)).includes('sdk-node'))
})
