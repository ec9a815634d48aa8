/** A real HTTP server around a few tiny operations, and a client that shows what is on the wire. */
import { once } from 'node:events'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { ExecutionContext } from 'ava'
import { type Call, JsonText, operation } from '../../../server/api/operation.ts'
import { integer, required, string, structure } from '../../../server/api/shape/shape.ts'
import { type Logger, silent } from '../../../server/base/logger.ts'
import { createApp } from '../../../server/http/app.ts'
import { createServer, type HttpServer } from '../../../server/http/server.ts'
import { validation } from '../../../server/model/errors.ts'
import { Telemetry } from '../../../server/telemetry/telemetry.ts'

const echo = operation({
  name: 'Echo',
  input: structure({ Text: required(string({ min: 1 })), Times: integer() }),
  handle: input => ({ Text: input.Text.repeat(input.Times ?? 1), Left: undefined }),
})
const empty = operation({ name: 'Empty', input: structure({}), handle: () => undefined })
const text = operation({ name: 'Text', input: structure({}), handle: () => new JsonText('{"a" : 1}') })
const refuse = operation({
  name: 'Refuse',
  input: structure({}),
  handle: () => {
    throw validation('no')
  },
})
const crash = operation({
  name: 'Crash',
  input: structure({}),
  handle: () => {
    throw new Error('a defect')
  },
})
const slow = operation({
  name: 'Slow',
  input: structure({}),
  handle: async () => {
    await new Promise(resolve => setTimeout(resolve, 150))
    return { done: true }
  },
})
const stream = operation({ name: 'Stream', input: structure({}), handle: (_input, call) => ({ id: call.requestId }) })

export const AUTHORIZATION =
  'AWS4-HMAC-SHA256 Credential=AKID/20000101/eu-west-1/dynamodb/aws4_request, SignedHeaders=host, Signature=00'

export type Reply = { status: number; headers: IncomingHttpHeaders; body: Buffer }

export type RequestOptions = {
  method?: string
  path?: string
  /** Added to those of a good request; undefined takes one away. */
  headers?: Record<string, string | string[] | undefined>
  body?: string | Buffer
}

export class Harness {
  ready = true
  readonly logged: { level: string; fields: Record<string, unknown> }[] = []
  readonly server: HttpServer

  constructor() {
    const log = (level: string) => (fields: object) => void this.logged.push({ level, fields: { ...fields } })
    const logger: Logger = { ...silent, debug: log('debug'), error: log('error'), isLevelEnabled: () => true }
    const app = createApp({
      operations: [echo, empty, text, refuse, crash, slow],
      streamsOperations: [stream],
      pages: { '/echo': echo },
      call: (requestId, _signature, meter) => ({ requestId, meter }) as Call,
      region: 'eu-west-1',
      ready: () => this.ready,
      telemetry: new Telemetry({ find: () => undefined }, logger),
      cluster: async () => '{}',
      metrics: async () => 'metrics 1\n',
      logger,
    })
    this.server = createServer(app)
  }

  get port(): number {
    return (this.server.node.address() as AddressInfo).port
  }

  /** A well-formed call of an operation, unless the options say otherwise. */
  async send(name: string, options: RequestOptions = {}): Promise<Reply> {
    const { method = 'POST', path = '/', body = '{}', headers = {} } = options
    const all = {
      'X-Amz-Target': `DynamoDB_20120810.${name}`,
      'Content-Type': 'application/x-amz-json-1.0',
      Authorization: AUTHORIZATION,
      'X-Amz-Date': '20000101T000000Z',
      'Content-Length': String(Buffer.byteLength(body)),
      ...headers,
    }
    const sent = Object.fromEntries(Object.entries(all).filter(entry => entry[1] !== undefined))
    const request = httpRequest({ port: this.port, method, path, headers: sent as Record<string, string> })
    request.end(body)
    const [response] = await once(request, 'response')
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk)
    return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }
  }

  /** Sends bytes as they are; what came back until the server closed. */
  async raw(...writes: (string | Buffer)[]): Promise<string> {
    const socket = connect(this.port)
    const chunks: Buffer[] = []
    socket.on('data', chunk => chunks.push(chunk))
    socket.on('error', () => {})
    for (const bytes of writes) socket.write(bytes)
    await once(socket, 'close')
    return Buffer.concat(chunks).toString('latin1')
  }
}

export async function start(t: ExecutionContext): Promise<Harness> {
  const harness = new Harness()
  harness.server.node.listen(0)
  await once(harness.server.node, 'listening')
  t.teardown(() => harness.server.close(1000))
  return harness
}
