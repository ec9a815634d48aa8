/** A client of the Kubernetes API, as small as the harness and its tests need: JSON in, JSON out, one connection pool. */
import type { IncomingMessage } from 'node:http'
import { Agent, type RequestOptions, request } from 'node:https'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'

export type Access = { url: string; token: string; ca: string }

export type WatchEvent<T> = { type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'; object: T }

const TYPES = {
  json: 'application/json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
}

/** What the API server refused: its HTTP status, reason and sentence. */
export class Refused extends Error {
  readonly code: number
  readonly reason: string

  constructor(code: number, reason: string, message: string) {
    super(message)
    this.code = code
    this.reason = reason
  }
}

export class Client {
  readonly access: Access
  readonly #agent: Agent

  constructor(access: Access) {
    this.access = access
    this.#agent = new Agent({ keepAlive: true, ca: access.ca })
  }

  get<T>(path: string): Promise<T> {
    return this.#ask('GET', path)
  }

  /** What is not JSON: health, metrics. */
  async read(path: string): Promise<string> {
    const response = await this.#send('GET', path, undefined, {})
    if (response.statusCode !== 200) throw await refusal(response)
    return text(response)
  }

  async list<T>(path: string): Promise<T[]> {
    return (await this.get<{ items: T[] }>(path)).items
  }

  create<T>(path: string, object: object): Promise<T> {
    return this.#ask('POST', path, object)
  }

  /** Sets what `patch` has, as JSON merge patch (RFC 7386), or as the type says. */
  patch<T>(path: string, patch: object, type: keyof typeof TYPES = 'merge'): Promise<T> {
    return this.#ask('PATCH', path, patch, type)
  }

  /** Server-side apply. */
  apply<T>(path: string, object: object, manager = 'tavola-test'): Promise<T> {
    return this.patch(`${path}?fieldManager=${manager}&force=true`, object, 'apply')
  }

  remove(path: string, options: object = {}): Promise<unknown> {
    return this.#ask('DELETE', path, options)
  }

  /** Resolves when the server ends the watch. `path` has its query. Errors: Refused, the connection's. */
  async watch<T>(path: string, signal: AbortSignal, seen: (event: WatchEvent<T>) => void): Promise<void> {
    const response = await this.#send('GET', path, undefined, { signal })
    if (response.statusCode !== 200) throw await refusal(response)
    for await (const line of createInterface({ input: response })) seen(JSON.parse(line) as WatchEvent<T>)
  }

  close(): void {
    this.#agent.destroy()
  }

  async #ask<T>(method: string, path: string, body?: object, type: keyof typeof TYPES = 'json'): Promise<T> {
    const response = await this.#send(method, path, body, { headers: { 'content-type': TYPES[type] } })
    if (response.statusCode! >= 300) throw await refusal(response)
    return JSON.parse(await text(response)) as T
  }

  #send(method: string, path: string, body: object | undefined, options: RequestOptions): Promise<IncomingMessage> {
    const { url, token } = this.access
    const said = body && Buffer.from(JSON.stringify(body))
    // Node gives no length for a DELETE by itself, and the server then takes it for one without options.
    const length = said && { 'content-length': said.length }
    const headers = { ...options.headers, ...length, authorization: `Bearer ${token}`, accept: 'application/json' }
    return new Promise((resolve, reject) => {
      const asked = request(new URL(path, url), { ...options, method, headers, agent: this.#agent }, resolve)
      asked.on('error', reject)
      asked.end(said)
    })
  }
}

async function refusal(response: IncomingMessage): Promise<Refused> {
  const said = await text(response)
  try {
    const { reason = '', message = said } = JSON.parse(said) as { reason?: string; message?: string }
    return new Refused(response.statusCode!, reason, message)
  } catch {
    return new Refused(response.statusCode!, '', said)
  }
}

/** Whether it was refused with that HTTP status. */
export function isRefused(error: unknown, ...codes: number[]): boolean {
  return error instanceof Refused && codes.includes(error.code)
}
