/** Requests to the API server: JSON there and back, and streams of lines. */
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { type RequestOptions, request as requestHttps } from 'node:https'
import { createInterface } from 'node:readline'
import type { Connection } from './config.ts'
import { KubeError } from './errors.ts'

export type Query = { [name: string]: string | number | boolean | undefined }

export type Request = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
  query?: Query
  body?: unknown
  /** Of the body. */
  contentType?: string
}

/** The port that tests cut, slow down and count. */
export interface Transport {
  /** What the API server answers. Errors: KubeError. */
  send(request: Request): Promise<unknown>
  /** The lines of an answer that goes on, as JSON, until it ends or is given up. Errors: KubeError. */
  lines(path: string, query: Query, signal: AbortSignal): AsyncIterable<unknown>
}

const TIMEOUT_MS = 30_000
/** A watch brings a bookmark each minute, about; one that is silent for longer is dead. */
const SILENCE_MS = 150_000

export function httpTransport(connection: Connection): Transport {
  return {
    async send(request) {
      const response = await open(connection, request, AbortSignal.timeout(TIMEOUT_MS))
      const text = await textOf(response)
      if ((response.statusCode ?? 0) >= 300) throw refusal(response, text)
      return text === '' ? undefined : (JSON.parse(text) as unknown)
    },
    async *lines(path, query, signal) {
      const response = await open(connection, { method: 'GET', path, query }, signal)
      if ((response.statusCode ?? 0) >= 300) throw refusal(response, await textOf(response))
      response.setTimeout(SILENCE_MS, () => response.destroy(new Error(`nothing came for ${SILENCE_MS / 1000} s`)))
      try {
        for await (const line of createInterface({ input: response })) if (line !== '') yield JSON.parse(line)
      } catch (error) {
        throw unanswered(error)
      } finally {
        response.destroy()
      }
    },
  }
}

async function open({ url, agent, headers }: Connection, request: Request, signal: AbortSignal) {
  const { method, path, query = {}, body, contentType = 'application/json' } = request
  const target = new URL(url + path)
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) target.searchParams.set(name, String(value))
  const payload = body === undefined ? undefined : JSON.stringify(body)
  const options: RequestOptions = {
    method,
    agent,
    signal,
    headers: {
      ...(await headers()),
      Accept: 'application/json',
      'User-Agent': 'tavola-operator',
      ...(payload !== undefined && { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(payload) }),
    },
  }
  return new Promise<IncomingMessage>((resolve, reject) => {
    const send = target.protocol === 'http:' ? requestHttp : requestHttps
    const sent = send(target, options, resolve)
    sent.on('error', error => reject(unanswered(error)))
    sent.end(payload)
  })
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer)
  } catch (error) {
    throw unanswered(error)
  }
  return Buffer.concat(chunks).toString()
}

function unanswered(error: unknown): KubeError {
  if (error instanceof KubeError) return error
  return new KubeError(0, 'NoAnswer', `the API server does not answer: ${(error as Error).message}`)
}

function refusal({ statusCode = 0, headers }: IncomingMessage, text: string): KubeError {
  const seconds = Number(headers['retry-after'])
  const retryAfterMs = seconds > 0 ? seconds * 1000 : undefined
  try {
    const { reason = '', message = text } = JSON.parse(text) as { reason?: string; message?: string }
    return new KubeError(statusCode, reason, message, retryAfterMs)
  } catch {
    return new KubeError(statusCode, '', text.slice(0, 300), retryAfterMs)
  }
}
