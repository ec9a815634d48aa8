/** Requests as bytes on a connection: well-formed HTTP with odd headers and encodings, and what is hardly HTTP. */
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { type Random, randomOf } from '../random.ts'
import { garbleText, hugeBody } from './garble.ts'
import { mutate } from './mutate.ts'
import { type ApiRequest, validRequest } from './requests.ts'
import { serviceOf } from './streamrequests.ts'
import { ODD_STRINGS } from './values.ts'

export type Sent = {
  bytes: Buffer
  /**
   * `api`: each request in the bytes is answered by the API. `http`: they may also be refused as no API request, or as no
   * HTTP, and the connection closed. `abandoned`: the client goes away and looks at no answer.
   */
  kind: 'api' | 'http' | 'abandoned'
  /** The client ends its side after the bytes, and reads whatever comes. */
  ends: boolean
  /** One for each request in the bytes. */
  expected: Expected[]
  /** Whether it differs from a valid request. */
  mutated: boolean
}

/** What the client knows about a request whose answer it awaits. */
export type Expected = { operation: string | undefined; head: boolean }

type Headers = [name: string, value: string][]
type Post = { operation: string | undefined; headers: Headers; body: Buffer }

const MUTATED = 0.72
const MAX_PIPELINED = 8

/** Requests from this number on have, now and then, a body of many MiB. */
export const HUGE_FROM = 1_000_000_000

/** A request for the server, be it good or bad: the same one for the same numbers. */
export function sentOf(seed: number, number: number): Sent {
  const random = randomOf(seed, number)
  return random.weighted<() => Sent>([
    [100, () => single(random)],
    [2, () => pipelined(random)],
    [5, () => oddHttp(random)],
    [3, () => noHttp(random)],
    [1, () => abandoned(random)],
    [number >= HUGE_FROM ? 4 : 0, () => api([hugePost(random)], true)],
  ])()
}

function single(random: Random): Sent {
  const mutated = random.chance(MUTATED)
  return api([mutated ? mutatedPost(random) : validPost(random)], mutated)
}

function pipelined(random: Random): Sent {
  const posts = random.some(2, MAX_PIPELINED, () => (random.chance(0.5) ? mutatedPost(random) : validPost(random)))
  return api(posts, true)
}

function api(posts: Post[], mutated: boolean): Sent {
  const expected = posts.map(({ operation }) => ({ operation, head: false }))
  return { bytes: Buffer.concat(posts.flatMap(http)), kind: 'api', ends: false, expected, mutated }
}

function hugePost(random: Random): Post {
  return post(random, random.pick(['PutItem', 'UpdateItem', 'Scan', 'BatchWriteItem', 'CreateTable']), hugeBody(random))
}

function validPost(random: Random): Post {
  return posted(random, validRequest(random))
}

function mutatedPost(random: Random): Post {
  const request = validRequest(random)
  return random.weighted<() => Post>([
    [10, () => posted(random, mutate(random, request))],
    [2, () => post(random, request.operation, garbleText(random, JSON.stringify(request.input)))],
    [1.5, () => oddlyHeaded(random, posted(random, request))],
    [1, () => oddlyEncoded(random, posted(random, request))],
  ])()
}

function posted(random: Random, { operation, input }: ApiRequest): Post {
  return post(random, operation, Buffer.from(JSON.stringify(input) ?? ''))
}

const AUTHORIZATION =
  'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=0'

/** Some clients accept compressed answers. */
function post(random: Random, operation: string, body: Buffer): Post {
  const headers: Headers = [
    ['Host', 'localhost'],
    ['Content-Type', 'application/x-amz-json-1.0'],
    ['X-Amz-Target', `${serviceOf(operation)}.${operation}`],
    ['X-Amz-Date', '20260101T000000Z'],
    ['Authorization', AUTHORIZATION],
  ]
  if (random.chance(0.1)) headers.push(['Accept-Encoding', random.pick(['gzip', 'deflate', 'gzip, deflate, br'])])
  return { operation, headers, body }
}

function http({ headers, body }: Post): Buffer[] {
  return [head('POST / HTTP/1.1', [...headers, ['Content-Length', String(body.length)]]), body]
}

function head(line: string, headers: Headers): Buffer {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`${line}\r\n${lines.join('')}\r\n`, 'latin1')
}

/** As JSON still, and posted; but a header is gone, twice there, or says something else. */
function oddlyHeaded(random: Random, request: Post): Post {
  const headers = [...request.headers]
  // Without a host it is no HTTP, and another content type is no API request: that is for `oddHttp`.
  const changeable = headers.filter(([name]) => name !== 'Host' && name !== 'Content-Type')
  const chosen = random.pick(changeable)
  const at = headers.indexOf(chosen)
  const target = headers.find(([name]) => name === 'X-Amz-Target')!
  const [name, value] = chosen
  random.weighted<() => void>([
    [2, () => headers.splice(at, 1)],
    [1, () => headers.push([name.toLowerCase(), value])],
    [2, () => headers.splice(at, 1, [name, headerValue(random)])],
    [1, () => headers.splice(at, 1, [name, value.slice(0, random.below(value.length))])],
    [1, () => headers.push(['Accept-Encoding', random.pick(ACCEPTED)])],
    [1, () => headers.push(['Origin', headerValue(random)])],
    [1, () => headers.push(['Expect', '100-continue'])],
    [1, () => headers.push(...random.some(1, 30, i => [`x-odd-${i}`, headerValue(random)] as [string, string]))],
  ])()
  const operation = headers.includes(target) ? request.operation : undefined
  return { operation, headers, body: random.chance(0.1) ? Buffer.alloc(0) : request.body }
}

const ACCEPTED = [
  '*',
  'gzip;q=0',
  'identity;q=1, *;q=0',
  'deflate;q=1, gzip;q=0.5',
  ';;;,,,q=',
  'gzip;q=NaN',
  'br, zstd',
]

const TARGETS = ['DynamoDB_20120810.', 'DynamoDB_20111205.GetItem', 'DynamoDBStreams_20120810.ListStreams', 'PutItem']

/** No line ends, no NUL: those are for `noHttp`. */
function headerValue(random: Random): string {
  const text = random.chance(0.5)
    ? random.pick(ODD_STRINGS)
    : random.pick([...TARGETS, '__proto__', 'AWS4-HMAC-SHA256 ='])
  return text.replaceAll(/[^\x20-\x7e\x80-\xff]/g, '?').slice(0, 400)
}

const MIB = 1024 * 1024
const zipped = new Map<string, Buffer>()

/** Made once: compressing megabytes takes a while. */
function bomb(name: string, make: () => Buffer): Buffer {
  const made = zipped.get(name) ?? make()
  zipped.set(name, made)
  return made
}

const BLANKS = ' '
const DELETE = '{"TableName":"fuzz-hash","Key":{"pk":{"S":"p0"}}}'

function oddlyEncoded(random: Random, request: Post): Post {
  const { body } = request
  const gzip = gzipSync(body)
  const [encoding, encoded] = random.weighted<() => [string, Buffer]>([
    [3, () => ['gzip', gzip]],
    [2, () => ['deflate', deflateSync(body)]],
    [1, () => ['deflate', deflateRawSync(body)]],
    [1, () => [' GZip ', gzip]],
    [1, () => ['gzip', Buffer.concat([gzipSync(body.subarray(0, 9)), gzipSync(body.subarray(9))])]],
    [1, () => ['gzip', gzip.subarray(0, random.below(gzip.length))]],
    [1, () => ['gzip', Buffer.concat([gzip, Buffer.from('rubbish')])]],
    [1, () => ['gzip', gzipSync(gzip)]],
    [1, () => ['gzip', body]],
    [1, () => ['deflate', body]],
    [1, () => ['gzip, deflate', deflateSync(gzip)]],
    [1, () => [random.pick(['br', 'zstd', 'identity', '__proto__', '']), body]],
    [1, () => ['gzip', Buffer.alloc(0)]],
    [0.05, () => ['gzip', bomb('at the limit', () => gzipSync(DELETE + BLANKS.repeat(16 * MIB - DELETE.length)))]],
    [0.05, () => ['gzip', bomb('over the limit', () => gzipSync(DELETE + BLANKS.repeat(16 * MIB)))]],
    [0.05, () => ['deflate', bomb('100 MiB', () => deflateSync(Buffer.alloc(100 * MIB)))]],
  ])()
  return { ...request, headers: [...request.headers, ['Content-Encoding', encoding]], body: encoded }
}

/** Well-formed, but not always for the API. */
function oddHttp(random: Random): Sent {
  const { headers, body, operation } = validPost(random)
  const typed = (type: string): Headers =>
    headers.map(([name, value]) => [name, name === 'Content-Type' ? type : value])
  const length: Headers = [['Content-Length', String(body.length)]]
  const method = random.pick(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PATCH', 'TRACE', 'PROPFIND'])
  const path = random.pick(PATHS)
  const origin: Headers = [
    ['Origin', 'http://example.com'],
    ['Access-Control-Request-Method', 'POST'],
  ]
  const bytes = random.weighted<() => Buffer>([
    [3, () => head(`${method} ${path} HTTP/1.1`, headers.slice(0, random.below(3)))],
    [1, () => Buffer.concat([head(`${method} ${path} HTTP/1.1`, [...headers, ...length]), body])],
    [1, () => head(`OPTIONS ${path} HTTP/1.1`, [headers[0]!, ...origin])],
    [2, () => Buffer.concat([head(`POST ${path} HTTP/1.1`, [...headers, ...length]), body])],
    [2, () => Buffer.concat([head('POST / HTTP/1.1', [...typed(random.pick(TYPES)), ...length]), body])],
    [1, () => Buffer.concat([head('POST / HTTP/1.0', [...headers, ...length]), body])],
    [
      2,
      () =>
        Buffer.concat([head('POST / HTTP/1.1', [...headers, ['Transfer-Encoding', 'chunked']]), chunked(random, body)]),
    ],
    [1, () => Buffer.concat([head('POST / HTTP/1.1', [...headers, ...length, ['Connection', 'close']]), body])],
  ])()
  const isHead = bytes.subarray(0, 5).toString() === 'HEAD '
  return { bytes, kind: 'http', ends: false, expected: [{ operation, head: isHead }], mutated: true }
}

const PATHS = [
  '/',
  '/healthz',
  '/readyz',
  '/x',
  '//',
  '/?a=b',
  '/%',
  '/%00',
  '/__proto__',
  'http://[/',
  'http://x',
  '*',
  '/?%',
]
const TYPES = [
  'text/plain',
  'application/json',
  'application/json; charset=utf-8',
  '',
  ';',
  'application/x-amz-json-1.1',
]

function chunked(random: Random, body: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let start = 0; start < body.length; ) {
    const part = body.subarray(start, start + 1 + random.below(2000))
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'))
    start += part.length
  }
  return Buffer.concat([...parts, Buffer.from(random.pick(['0\r\n\r\n', '0\r\nx-trailer: y\r\n\r\n']))])
}

/** Bytes that a server may refuse, or take to be the start of something. The client ends its side after them. */
function noHttp(random: Random): Sent {
  const { headers, body, operation } = validPost(random)
  const line = 'POST / HTTP/1.1'
  const lengths = (...values: string[]): Headers => values.map(value => ['Content-Length', value])
  const whole = Buffer.concat([head(line, [...headers, ...lengths(String(body.length))]), body])
  const bytes = random.pick<() => Buffer>([
    () => Buffer.from(random.some(1, 200, () => random.below(256))),
    () => whole.subarray(0, random.below(whole.length)),
    () => Buffer.concat([whole.subarray(0, random.below(300)), Buffer.from([random.below(32)]), whole.subarray(20)]),
    () =>
      Buffer.concat([head(line, [...headers, ['x-long', 'x'.repeat(random.pick([16_000, 17_000, 200_000]))]]), body]),
    () => head(line, [...headers, ...random.some(200, 3000, i => [`x-${i}`, 'y'] as [string, string])]),
    () => head(`GET /${'x'.repeat(random.pick([8000, 20_000]))} HTTP/1.1`, headers),
    () =>
      Buffer.concat([head(line, [...headers, ...lengths(random.pick(['-1', '1e9', 'x', '', '9'.repeat(30)]))]), body]),
    () => Buffer.concat([head(line, [...headers, ...lengths('5', '6')]), body]),
    () => Buffer.concat([head(line, [...headers, ...lengths('5'), ['Transfer-Encoding', 'chunked']]), body]),
    () => Buffer.concat([head(line, [...headers, ['Transfer-Encoding', random.pick(['gzip', 'chunked, x'])]]), body]),
    () =>
      Buffer.concat([head(line, [...headers, ['Transfer-Encoding', 'chunked']]), Buffer.from('zz\r\nx\r\n0\r\n\r\n')]),
    () => Buffer.concat([head(line, [...headers.slice(1), ...lengths(String(body.length))]), body]),
    () => Buffer.concat([head(line, [...headers, ['Expect', 'tea'], ...lengths(String(body.length))]), body]),
    () => head('CONNECT x:1 HTTP/1.1', headers),
    () => head('GET / HTTP/1.1', [...headers, ['Connection', 'Upgrade'], ['Upgrade', 'websocket']]),
    () =>
      head(random.pick(['POST / HTTP/9.9', 'POST /', 'PRI * HTTP/2.0', ' POST / HTTP/1.1', 'POST  HTTP/1.1']), headers),
  ])()
  return { bytes, kind: 'http', ends: true, expected: [{ operation, head: false }], mutated: true }
}

function abandoned(random: Random): Sent {
  const { bytes } = single(random)
  const part = random.chance(0.5) ? bytes : bytes.subarray(0, random.below(bytes.length))
  return { bytes: part, kind: 'abandoned', ends: false, expected: [], mutated: true }
}
