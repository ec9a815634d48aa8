/**
 * Traces by OpenTelemetry: its SDK reads the OTEL_* variables and sends the spans. Attributes are named as its conventions
 * for RPC, AWS and DynamoDB have them.
 */
import type { IncomingHttpHeaders } from 'node:http'
import {
  type Span as ApiSpan,
  type Context,
  context,
  createContextKey,
  DiagLogLevel,
  diag,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import { NodeSDK, resources } from '@opentelemetry/sdk-node'
import type { Logger } from '../base/logger.ts'
import type { Span } from '../base/tracer.ts'
import type { RequestEnd, RequestSpan, RequestTracer, TraceIds } from './tracing.ts'

const NAME = 'tavola'

/** Registers the SDK for this process. */
export function startOpenTelemetry(logger: Logger): RequestTracer {
  logTrouble(logger)
  const sdk = new NodeSDK({
    // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES come on top of it.
    resource: resources.resourceFromAttributes({ 'service.name': NAME }),
    metricReaders: [],
    logRecordProcessors: [],
  })
  sdk.start()
  return {
    current: () => context.active().getValue(RECORDED) as Span | undefined,
    join,
    begin: (operation, requestId, headers) => new ServerSpan(operation, requestId, headers),
    close: () => sdk.shutdown().catch(error => logger.warn({ err: error }, 'the last traces could not be sent')),
  }
}

function join<R>(traceparent: string, name: string, work: () => R): R {
  const remote = propagation.extract(ROOT_CONTEXT, { traceparent })
  const recorded = new RecordedSpan(name, { kind: SpanKind.SERVER }, remote, epochNow())
  const inside = trace.setSpan(remote, recorded.span).setValue(RECORDED, recorded)
  try {
    const answer = context.with(inside, work)
    if (answer instanceof Promise)
      answer.then(
        () => recorded.end(),
        error => recorded.end(error),
      )
    else recorded.end()
    return answer
  } catch (error) {
    recorded.end(error as Error)
    throw error
  }
}

/** What added to the monotonic clock is the time of day, in milliseconds. */
function epochNow(): number {
  return Date.now() - performance.now()
}

/** What the SDK has to say, an exporter that reaches nobody above all, belongs into the log. */
function logTrouble(logger: Logger): void {
  const ignore = () => {}
  const warn = (reason: string, ...details: unknown[]) => logger.warn({ reason, details }, 'tracing is in trouble')
  diag.setLogger({ error: warn, warn, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.WARN)
}

const tracer = trace.getTracer(NAME)

/** In a context: the span whose parts are recorded, if they are. */
const RECORDED = createContextKey('tavola.recorded')

class ServerSpan implements RequestSpan {
  readonly ids: TraceIds
  readonly #recorded: RecordedSpan
  readonly #context: Context

  constructor(operation: string | undefined, requestId: string, headers: IncomingHttpHeaders) {
    const parent = propagation.extract(ROOT_CONTEXT, headers)
    const attributes = {
      'rpc.system': 'aws-api',
      'rpc.service': 'DynamoDB',
      'rpc.method': operation,
      'aws.request_id': requestId,
      'http.request.method': 'POST',
    }
    const name = operation === undefined ? 'DynamoDB' : `DynamoDB.${operation}`
    this.#recorded = new RecordedSpan(name, { kind: SpanKind.SERVER, attributes }, parent, epochNow())
    const { span } = this.#recorded
    this.#context = trace.setSpan(parent, span).setValue(RECORDED, span.isRecording() ? this.#recorded : undefined)
    const { traceId, spanId } = span.spanContext()
    this.ids = { trace_id: traceId, span_id: spanId }
  }

  run<A, B, R>(work: (a: A, b: B) => R, a: A, b: B): R {
    return context.with(this.#context, work, undefined, a, b)
  }

  end({ tables, status, error, cause }: RequestEnd): void {
    const { span } = this.#recorded
    if (status !== undefined) span.setAttribute('http.response.status_code', status)
    if (tables.length > 0) span.setAttribute('aws.dynamodb.table_names', tables)
    if (error !== undefined) span.setAttribute('error.type', error)
    this.#recorded.end(cause)
  }
}

/**
 * A span that takes its times from the monotonic clock, and so all of a request's: those that the SDK takes are true to a
 * millisecond only, which is more than most parts last.
 */
class RecordedSpan implements Span {
  readonly span: ApiSpan
  /** See `epochNow`. */
  readonly #epoch: number

  constructor(name: string, options: SpanOptions, parent: Context, epoch: number) {
    this.#epoch = epoch
    this.span = tracer.startSpan(name, { ...options, startTime: epoch + performance.now() }, parent)
  }

  child(name: string): Span {
    return new RecordedSpan(name, {}, trace.setSpan(ROOT_CONTEXT, this.span), this.#epoch)
  }

  parent(): string {
    const { traceId, spanId, traceFlags } = this.span.spanContext()
    return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
  }

  end(error?: Error): void {
    if (error) {
      this.span.recordException(error)
      this.span.setStatus({ code: SpanStatusCode.ERROR, message: error.message })
    }
    this.span.end(this.#epoch + performance.now())
  }
}
