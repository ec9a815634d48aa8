/** Cross-origin requests: browsers may call from anywhere; the signature is what protects. */
import type { Context } from 'koa'

const EXPOSED = 'x-amzn-RequestId,x-amzn-ErrorType,x-amz-crc32,Date'
const PREFLIGHT_SECONDS = '172800'

/** Adds what a browser wants to see on any answer. */
export function allowOrigin(ctx: Context): void {
  if (ctx.req.headers.origin === undefined) return
  ctx.set('Access-Control-Allow-Origin', '*')
  ctx.set('Access-Control-Expose-Headers', EXPOSED)
}

export function isPreflight(ctx: Context): boolean {
  return ctx.method === 'OPTIONS' && ctx.req.headers.origin !== undefined
}

/** Allows whatever the browser asks for. */
export function allowPreflight(ctx: Context): void {
  const { 'access-control-request-method': method, 'access-control-request-headers': headers } = ctx.req.headers
  if (method !== undefined) ctx.set('Access-Control-Allow-Methods', method)
  if (headers !== undefined) ctx.set('Access-Control-Allow-Headers', headers)
  ctx.set('Access-Control-Max-Age', PREFLIGHT_SECONDS)
}
