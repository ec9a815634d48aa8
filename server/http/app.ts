/** The HTTP face: one Koa middleware that answers API requests and health checks (facts, sections 1.1 to 1.4). */
import { crc32 } from 'node:zlib'
import Koa, { type Context } from 'koa'
import type { Call, Operation } from '../api/operation.ts'
import type { Signature } from '../auth/signature.ts'
import type { Logger } from '../base/logger.ts'
import { DynamoError, internalServerError } from '../model/errors.ts'
import type { RequestMeter } from '../telemetry/request.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { ConnectionLost, hasBody, readBody } from './body.ts'
import { ALLOW_ORIGIN, isPreflight, preflightHeaders } from './cors.ts'
import { type Api, type ApiRequest, dispatch, targetsOf } from './dispatch.ts'
import { encode, isCompressible } from './encoding.ts'
import { newRequestId } from './request-id.ts'

export type AppOptions = {
  operations: Operation[]
  streamsOperations: Operation[]
  /** What is answered to GET, by path: signed like any request, the query's parameters being the input. */
  pages: { [path: string]: Operation }
  /** What an operation's handler gets beside its input. */
  call(requestId: string, signature: Signature, meter: RequestMeter): Call
  region: string
  /** Whether requests can be served; `GET /readyz` shows it. */
  ready(): boolean
  telemetry: Telemetry
  /** How the cluster is, as JSON: the answer to `GET /admin/cluster`. */
  cluster(): Promise<string>
  /** The text that `GET /metrics` answers. */
  metrics(): Promise<string>
  logger: Logger
}

type Reply = { status: number; type: string; body: string; headers?: string[]; encoding?: undefined }

/** Longer texts are made bytes at once: the checksum, the length and the socket would each do it again. */
const LARGE = 4096

const DEFAULT_TYPE = 'application/x-amz-json-1.0'
const SUPPORTED_TYPES = new Set([DEFAULT_TYPE, 'application/json'])
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'
const NOT_FOUND: Reply = { status: 404, type: 'text/plain', body: '<UnknownOperationException/>\n' }

export function createApp(options: AppOptions): Koa {
  const app = new Koa()
  const api: Api = { targets: targetsOf(options.operations, options.streamsOperations), call: options.call }
  const pages = new Map(Object.entries(options.pages))
  app.use(ctx => answer(ctx, api, pages, options))
  app.on('error', error => options.logger.debug({ err: error }, 'connection failed'))
  return app
}

async function answer(ctx: Context, api: Api, pages: Map<string, Operation>, options: AppOptions): Promise<void> {
  const requestId = newRequestId()
  const page = ctx.method === 'GET' ? pages.get(pathOf(ctx.req.url!)) : undefined
  const operation = page ?? api.targets.get(ctx.req.headers['x-amz-target'] as string)
  try {
    const plain = page ? undefined : plainReply(ctx, options)
    const reply = await (plain ?? apiReply(ctx, api, operation, requestId, options.telemetry))
    await send(ctx, reply, requestId)
  } catch (error) {
    if (!(error instanceof ConnectionLost)) throw error
    ctx.respond = false
  }
}

/** The reply to what is no API request; undefined for an API request. */
function plainReply(ctx: Context, options: AppOptions): Reply | Promise<Reply> | undefined {
  const path = pathOf(ctx.req.url!)
  if (ctx.method === 'POST') return path === '/' && hasSupportedType(ctx) ? undefined : NOT_FOUND
  if (ctx.method === 'GET' && ctx.req.headers['x-amz-target'] === undefined) return healthReply(path, options)
  if (!isPreflight(ctx)) return NOT_FOUND
  return { status: 200, type: 'text/plain', body: '', headers: preflightHeaders(ctx) }
}

/** Koa's own `path` throws at some of the malformed URLs that HTTP lets through. */
function pathOf(url: string): string {
  const end = url.indexOf('?')
  const path = end < 0 ? url : url.slice(0, end)
  return path.startsWith('/') ? path : path.replace(/^https?:\/\/[^/]*/i, '') || '/'
}

function hasSupportedType(ctx: Context): boolean {
  return SUPPORTED_TYPES.has(baseType(ctx)) || !hasBody(ctx.req)
}

function healthReply(path: string, options: AppOptions): Reply | Promise<Reply> {
  if (path === '/metrics') return options.metrics().then(body => ({ status: 200, type: METRICS_TYPE, body }))
  if (path === '/admin/cluster')
    return options.cluster().then(
      body => ({ status: 200, type: 'application/json', body }),
      (error: Error) => ({ status: 503, type: 'text/plain', body: `${error.message}\n` }),
    )
  if (path === '/healthz') return { status: 200, type: 'application/json', body: '{"status":"ok"}' }
  if (path !== '/readyz')
    return { status: 200, type: 'text/plain', body: `healthy: dynamodb.${options.region}.amazonaws.com ` }
  const ready = options.ready()
  return { status: ready ? 200 : 503, type: 'application/json', body: JSON.stringify({ ready }) }
}

async function apiReply(
  ctx: Context,
  api: Api,
  operation: Operation | undefined,
  requestId: string,
  telemetry: Telemetry,
): Promise<Reply> {
  const type = SUPPORTED_TYPES.has(baseType(ctx)) ? baseType(ctx) : DEFAULT_TYPE
  const { headers, method, url } = ctx.req
  const meter = telemetry.begin(operation?.name, requestId, headers)
  try {
    const body = await readBody(ctx.req)
    const request: ApiRequest = { id: requestId, operation, headers, method: method!, url: url!, body, meter }
    const text = await meter.run(dispatch, api, request)
    meter.succeeded()
    return { status: 200, type, body: text }
  } catch (error) {
    if (error instanceof ConnectionLost) {
      meter.abandoned()
      throw error
    }
    const refusal = error instanceof DynamoError ? error : internalServerError()
    meter.failed(refusal, error)
    const closing = refusal.status === 413 ? ['Connection', 'close'] : undefined
    return { status: refusal.status, type, body: refusal.toBody(), headers: closing }
  }
}

/** The content type without its parameters. */
function baseType(ctx: Context): string {
  const type = ctx.req.headers['content-type'] ?? ''
  const end = type.indexOf(';')
  return end < 0 ? type : type.slice(0, end).trim()
}

/** Writes the answer itself: Koa's own way, header by header, costs a tenth of a GetItem. */
async function send(ctx: Context, reply: Reply, requestId: string): Promise<void> {
  const { body: text, encoding } = isCompressible(ctx.req, reply.body) ? await encode(reply.body, ctx.req) : reply
  const body = typeof text === 'string' && text.length > LARGE ? Buffer.from(text) : text
  const headers = [
    'Server',
    'Server',
    'x-amzn-RequestId',
    requestId,
    'x-amz-crc32',
    String(crc32(body)),
    'Content-Type',
    reply.type,
    'Content-Length',
    String(Buffer.byteLength(body)),
  ]
  if (encoding !== undefined) headers.push('Content-Encoding', encoding)
  if (reply.headers !== undefined) headers.push(...reply.headers)
  if (ctx.req.headers.origin !== undefined) headers.push(...ALLOW_ORIGIN)
  ctx.respond = false
  ctx.res.writeHead(reply.status, headers).end(body)
}
