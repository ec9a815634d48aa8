/**
 * Traces by OpenTelemetry: its SDK reads the OTEL_* variables and sends the spans. Attributes are named as its conventions
 * for RPC, AWS and DynamoDB have them.
 */
import type { IncomingHttpHeaders } from 'node:http'
import {
  type Span as ApiSpan,
  type Context,
  context,
  DiagLogLevel,
  diag,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
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
    current() {
      const span = trace.getActiveSpan()
      return span?.isRecording() ? new PartSpan(span) : undefined
    },
    begin: (operation, requestId, headers) => new ServerSpan(operation, requestId, headers),
    close: () => sdk.shutdown().catch(error => logger.warn({ err: error }, 'the last traces could not be sent')),
  }
}

/** What the SDK has to say, an exporter that reaches nobody above all, belongs into the log. */
function logTrouble(logger: Logger): void {
  const ignore = () => {}
  const warn = (message: string, ...details: unknown[]) => logger.warn({ details }, `tracing: ${message}`)
  diag.setLogger({ error: warn, warn, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.WARN)
}

const tracer = trace.getTracer(NAME)

class ServerSpan implements RequestSpan {
  readonly ids: TraceIds
  readonly #span: ApiSpan
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
    this.#span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent)
    this.#context = trace.setSpan(parent, this.#span)
    const { traceId, spanId } = this.#span.spanContext()
    this.ids = { trace_id: traceId, span_id: spanId }
  }

  run<A, B, R>(work: (a: A, b: B) => R, a: A, b: B): R {
    return context.with(this.#context, work, undefined, a, b)
  }

  end({ tables, status, error, cause }: RequestEnd): void {
    if (status !== undefined) this.#span.setAttribute('http.response.status_code', status)
    if (tables.length > 0) this.#span.setAttribute('aws.dynamodb.table_names', tables)
    if (error !== undefined) this.#span.setAttribute('error.type', error)
    if (cause !== undefined) fail(this.#span, cause)
    this.#span.end()
  }
}

/** A part of a request that is recorded. */
class PartSpan implements Span {
  readonly #span: ApiSpan

  constructor(span: ApiSpan) {
    this.#span = span
  }

  child(name: string): Span {
    return new PartSpan(tracer.startSpan(name, {}, trace.setSpan(ROOT_CONTEXT, this.#span)))
  }

  end(error?: Error): void {
    if (error) fail(this.#span, error)
    this.#span.end()
  }
}

function fail(span: ApiSpan, error: Error): void {
  span.recordException(error)
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message })
}
