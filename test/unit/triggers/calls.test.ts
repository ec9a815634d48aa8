/** What is sent: signatures, events, answers, envelopes, and where to. */
import { createHash, createHmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import test from 'ava'
import { awsSignature, hmacSignature } from '../../../server/triggers/call/signing.ts'
import { type Delivered, eventText, verdictOf } from '../../../server/triggers/event.ts'
import { failureText } from '../../../server/triggers/failures.ts'
import { isAllowedUrl, parseTarget } from '../../../server/triggers/targets.ts'

const NOW = Date.UTC(2026, 0, 31, 12, 0, 0)
const record = (number: string): Delivered => ({ sequence: BigInt(number), number, time: NOW, text: `{"n":${number}}` })
const RECORDS = ['1', '2', '3'].map(record)

test('calls of functions are signed as the SDK would', async t => {
  const url = 'http://127.0.0.1:9001/2015-03-31/functions/my%20function/invocations?Qualifier=%24LATEST'
  const credentials = { keyId: 'key', secret: 'secret' }
  const body = '{"Records":[]}'
  const own = awsSignature(credentials, { url, body, region: 'eu-west-1', now: NOW })
  class Sha256 {
    readonly #hash
    constructor(key?: unknown) {
      this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', key as Uint8Array)
    }
    update(data: unknown): void {
      this.#hash.update(data as Uint8Array)
    }
    async digest(): Promise<Uint8Array> {
      return this.#hash.digest()
    }
    reset(): void {}
  }
  const signer = new SignatureV4({
    credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
    region: 'eu-west-1',
    service: 'lambda',
    sha256: Sha256,
    applyChecksum: false,
  })
  const request = {
    method: 'POST',
    protocol: 'http:',
    hostname: '127.0.0.1',
    port: 9001,
    path: '/2015-03-31/functions/my%20function/invocations',
    query: { Qualifier: '$LATEST' },
    headers: { host: '127.0.0.1:9001', 'content-type': 'application/json' },
    body,
  }
  const signed = await signer.sign(request, { signingDate: new Date(NOW) })
  t.is(own.authorization, signed.headers.authorization)
})

test('webhooks are signed with the time', t => {
  const signature = hmacSignature('secret', 'body', NOW)
  const time = NOW / 1000
  t.is(signature, `t=${time},v1=${createHmac('sha256', 'secret').update(`${time}.body`).digest('hex')}`)
})

test('an event is the records and nothing else', t => {
  t.is(eventText(RECORDS), '{"Records":[{"n":1},{"n":2},{"n":3}]}')
})

test('an event of a window says which', t => {
  const window = { start: NOW, end: NOW + 60_000, state: '{"sum":1}', shard: 's', streamArn: 'a', isFinal: true }
  t.deepEqual(JSON.parse(eventText([], { ...window, isTerminatedEarly: false })), {
    Records: [],
    window: { start: '2026-01-31T12:00:00Z', end: '2026-01-31T12:01:00Z' },
    state: { sum: 1 },
    shardId: 's',
    eventSourceARN: 'a',
    isFinalInvokeForWindow: true,
    isWindowTerminatedEarly: false,
  })
})

const failures = (...ids: unknown[]) =>
  JSON.stringify({ batchItemFailures: ids.map(itemIdentifier => ({ itemIdentifier })) })

const ANSWERS: [name: string, body: string, failedAt: number][] = [
  ['no body', '', 3],
  ['null', 'null', 3],
  ['an empty object', '{}', 3],
  ['an empty list', '{"batchItemFailures":[]}', 3],
  ['a null list', '{"batchItemFailures":null}', 3],
  ['one failure', failures('2'), 1],
  ['the lowest of several', failures('3', '2'), 1],
  ['the first', failures('1'), 0],
  ['an empty identifier', failures(''), 0],
  ['a null identifier', failures(null), 0],
  ['a bad key', '{"batchItemFailures":[{"wrong":"2"}]}', 0],
  ['an unknown identifier', failures('9'), 0],
  ['no list', '{"batchItemFailures":{}}', 0],
  ['a null element', '{"batchItemFailures":[null]}', 0],
  ['a text', '"fine"', 3],
]

for (const [name, body, failedAt] of ANSWERS)
  test(`what failed: ${name}`, t => {
    t.deepEqual(verdictOf(body, RECORDS, { failures: true, state: false }), { failedAt })
  })

test('an answer that nobody asked for says nothing', t => {
  t.deepEqual(verdictOf('no JSON', RECORDS, { failures: false, state: false }), { failedAt: 3 })
  t.true('problem' in verdictOf('no JSON', RECORDS, { failures: true, state: false }))
})

test('a window needs a state', t => {
  const wants = { failures: true, state: true }
  t.true('problem' in verdictOf('{}', RECORDS, wants))
  t.deepEqual(verdictOf('{"state":{"a":1}}', RECORDS, wants), { failedAt: 3, state: '{"a":1}', isStateTooLarge: false })
  const large = verdictOf(JSON.stringify({ state: { a: 'x'.repeat(1024 * 1024) } }), RECORDS, wants)
  t.true('isStateTooLarge' in large && large.isStateTooLarge)
})

test('what is told of a failure', t => {
  const why = { condition: 'RetryAttemptsExhausted', invocations: 3, status: 200, error: 'Unhandled' } as const
  const source = { functionArn: 'f', streamArn: 'a', shard: 's', requestId: 'r', now: NOW }
  t.deepEqual(JSON.parse(failureText(RECORDS, why, source)), {
    requestContext: {
      requestId: 'r',
      functionArn: 'f',
      condition: 'RetryAttemptsExhausted',
      approximateInvokeCount: 3,
    },
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    version: '1.0',
    timestamp: '2026-01-31T12:00:00.000Z',
    DDBStreamBatchInfo: {
      shardId: 's',
      startSequenceNumber: '1',
      endSequenceNumber: '3',
      approximateArrivalOfFirstRecord: '2026-01-31T12:00:00Z',
      approximateArrivalOfLastRecord: '2026-01-31T12:00:00Z',
      batchSize: 3,
      streamArn: 'a',
    },
  })
})

const lambda = (name: string, qualifier?: string) => ({ kind: 'lambda', name, qualifier })

const TARGETS: [text: string, target: unknown][] = [
  ['fn', lambda('fn')],
  ['fn:live', lambda('fn', 'live')],
  ['fn:$LATEST', lambda('fn', '$LATEST')],
  ['arn:aws:lambda:us-east-1:123456789012:function:fn', lambda('fn')],
  ['arn:aws:lambda:us-east-1:123456789012:function:fn:7', lambda('fn', '7')],
  ['123456789012:function:fn', lambda('fn')],
  ['https://a.example/b?c=d', { kind: 'webhook', url: 'https://a.example/b?c=d' }],
  ['cloudevents+http://a/b', { kind: 'cloudevents', url: 'http://a/b', binary: false }],
  ['cloudevents-binary+http://a/b', { kind: 'cloudevents', url: 'http://a/b', binary: true }],
  ['nats:a.b', { kind: 'nats', subject: 'a.b' }],
  ['nats:a.*', undefined],
  ['nats:', undefined],
  ['ftp://a', undefined],
  ['http://', undefined],
  ['a b', undefined],
  ['', undefined],
]

for (const [text, target] of TARGETS) test(`target: ${text}`, t => t.deepEqual(parseTarget(text) as unknown, target))

test('requests go to allowed hosts alone', t => {
  const rules = ['127.0.0.1', '::1', 'hooks.example:8443', '*.svc.cluster.local']
  const allowed = (url: string) => isAllowedUrl(url, rules)
  t.true(allowed('http://127.0.0.1:9000/a'))
  t.true(allowed('http://[::1]/a'))
  t.true(allowed('https://hooks.example:8443/'))
  t.true(allowed('http://fn.team.svc.cluster.local/'))
  t.false(allowed('https://hooks.example/'))
  t.false(allowed('http://127.0.0.1.example/'))
  t.false(allowed('http://svc.cluster.local/'))
  t.false(allowed('http://169.254.169.254/latest/meta-data'))
  t.false(allowed('http://127.0.0.1@example.com/'))
})
