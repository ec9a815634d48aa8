/** Calls of functions: one request, and what became of it. Nothing is repeated here. */
import type { Clock } from '../../base/clock.ts'
import type { Signing } from '../records.ts'
import { type HostRule, isAllowedUrl, type Target } from '../targets.ts'
import { type Answer, post, type Request } from './http.ts'
import { awsSignature, hmacSignature } from './signing.ts'

export type Invocation = {
  target: Target
  /** JSON. */
  body: string
  /** Names this batch: the same when it is sent again. */
  id: string
  /** The stream's ARN, and the shard: where it comes from. */
  source: string
  subject: string
  timeoutMs: number
  /** Of W3C's Trace Context: what it follows from. */
  traceparent?: string
  /** Whose the request is; this process's if undefined. */
  signing?: Signing
  /** Whoever gives up waits for no answer. */
  signal: AbortSignal
}

/** `failed` counts as an attempt; `busy` does not, for the function itself was not reached. */
export type Outcome =
  | { kind: 'answered'; body: string; status: number }
  | { kind: 'failed'; reason: string; status: number }
  | { kind: 'busy'; reason: string; isThrottled: boolean }

/** Asks over NATS and waits for one answer. Errors: any; `NoResponders` by name if nobody listens. */
export interface Messenger {
  ask(subject: string, body: string, headers: Record<string, string>, timeoutMs: number): Promise<string>
}

export type CallerOptions = {
  /** Where functions are called by name: a URL that speaks the Lambda Invoke API. */
  functionEndpoint?: string
  /** Where else requests may go. */
  hosts: HostRule[]
  /** Signs calls. */
  credentials?: Signing
  region: string
}

export class Caller {
  readonly #options: CallerOptions
  readonly #messenger: Messenger | undefined
  readonly #clock: Clock

  constructor(options: CallerOptions, messenger: Messenger | undefined, clock: Clock) {
    this.#options = options
    this.#messenger = messenger
    this.#clock = clock
  }

  /** Why a target can't be called here; undefined if it can. */
  refusal(target: Target): string | undefined {
    if (target.kind === 'lambda')
      return this.#options.functionEndpoint === undefined ? 'no function endpoint is configured' : undefined
    if (target.kind === 'nats') return this.#messenger ? undefined : 'no NATS is configured'
    return isAllowedUrl(target.url, this.#options.hosts)
      ? undefined
      : `${new URL(target.url).host} is not an allowed host`
  }

  /** Never rejects. */
  async invoke(invocation: Invocation): Promise<Outcome> {
    const { target } = invocation
    const refusal = this.refusal(target)
    if (refusal !== undefined) return { kind: 'busy', reason: refusal, isThrottled: false }
    if (target.kind === 'nats') return this.#ask(target.subject, invocation)
    const request = this.#requestOf(target, invocation)
    const answer = await post({ ...request, headers: { ...request.headers, ...traceOf(invocation) } })
    return target.kind === 'lambda' ? invokeOutcome(answer) : webhookOutcome(answer)
  }

  #requestOf(
    target: Exclude<Target, { kind: 'nats' }>,
    { body, id, source, subject, timeoutMs, signing, signal }: Invocation,
  ): Request {
    const now = this.#clock.now()
    const { region, functionEndpoint, credentials } = this.#options
    const signer = signing ?? credentials
    const request = { body, timeoutMs, signal }
    if (target.kind === 'lambda') {
      const query = target.qualifier === undefined ? '' : `?Qualifier=${encodeURIComponent(target.qualifier)}`
      const base = functionEndpoint!.replace(/\/$/, '')
      const url = `${base}/2015-03-31/functions/${encodeURIComponent(target.name)}/invocations${query}`
      const signed = signer ? awsSignature(signer, { url, body, region, now }) : {}
      const headers = { 'content-type': 'application/json', 'x-amz-invocation-type': 'RequestResponse', ...signed }
      return { url, headers, ...request }
    }
    const sign = (text: string): Record<string, string> =>
      signer ? { 'tavola-signature': hmacSignature(signer.secret, text, now) } : {}
    if (target.kind === 'webhook')
      return {
        url: target.url,
        headers: { 'content-type': 'application/json', 'tavola-id': id, ...sign(body) },
        ...request,
      }
    const attributes = {
      specversion: '1.0',
      id,
      source,
      type: 'dev.tavola.changes',
      subject,
      time: new Date(now).toISOString(),
    }
    if (!target.binary) {
      const text = `${JSON.stringify({ ...attributes, datacontenttype: 'application/json' }).slice(0, -1)},"data":${body}}`
      const headers = { 'content-type': 'application/cloudevents+json; charset=utf-8', ...sign(text) }
      return { url: target.url, headers, ...request, body: text }
    }
    const named = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value]))
    return { url: target.url, headers: { 'content-type': 'application/json', ...named, ...sign(body) }, ...request }
  }

  async #ask(subject: string, invocation: Invocation): Promise<Outcome> {
    const { body, id, timeoutMs } = invocation
    try {
      const answer = await this.#messenger!.ask(subject, body, { 'Tavola-Id': id, ...traceOf(invocation) }, timeoutMs)
      // JetStream says so if it could not keep the message.
      const error = /^\{"error":/.test(answer)
      return error ? { kind: 'failed', reason: answer, status: 500 } : { kind: 'answered', body: answer, status: 200 }
    } catch (error) {
      const { name, message } = error as Error
      if (name === 'TimeoutError') return { kind: 'failed', reason: 'no answer in time', status: 0 }
      return { kind: 'busy', reason: message, isThrottled: false }
    }
  }
}

function traceOf({ traceparent }: Invocation): Record<string, string> {
  return traceparent === undefined ? {} : { traceparent }
}

/** Of the Lambda Invoke API: a function's own error comes with status 200. */
function invokeOutcome(answer: Answer): Outcome {
  if ('reason' in answer) return failure(answer)
  const { status, body, headers } = answer
  const error = headers.get('x-amz-function-error')
  if (status >= 200 && status < 300 && error === null) return { kind: 'answered', body, status }
  if (error !== null) return { kind: 'failed', reason: error, status }
  return { kind: 'busy', reason: `status ${status}`, isThrottled: status === 429 }
}

function webhookOutcome(answer: Answer): Outcome {
  if ('reason' in answer) return failure(answer)
  const { status, body } = answer
  if (status >= 200 && status < 300) return { kind: 'answered', body, status }
  if (status === 429 || status === 503) return { kind: 'busy', reason: `status ${status}`, isThrottled: status === 429 }
  return { kind: 'failed', reason: `status ${status}`, status }
}

function failure({ reason, wasReached }: Extract<Answer, { reason: string }>): Outcome {
  return wasReached ? { kind: 'failed', reason, status: 0 } : { kind: 'busy', reason, isThrottled: false }
}
