/** Cross-origin requests: browsers may call from anywhere; the signature is what protects. */
import type { Context } from 'koa'

const EXPOSED = 'x-amzn-RequestId,x-amzn-ErrorType,x-amz-crc32,Date'
const PREFLIGHT_SECONDS = '172800'

/** What a browser wants to see on any answer: names and values in turn, as Node takes them. */
export const ALLOW_ORIGIN = ['Access-Control-Allow-Origin', '*', 'Access-Control-Expose-Headers', EXPOSED]

export function isPreflight(ctx: Context): boolean {
  return ctx.method === 'OPTIONS' && ctx.req.headers.origin !== undefined
}

/** Allows whatever the browser asks for. */
export function preflightHeaders(ctx: Context): string[] {
  const { 'access-control-request-method': method, 'access-control-request-headers': names } = ctx.req.headers
  const headers = ['Access-Control-Max-Age', PREFLIGHT_SECONDS]
  if (method !== undefined) headers.push('Access-Control-Allow-Methods', method)
  if (names !== undefined) headers.push('Access-Control-Allow-Headers', names)
  return headers
}
