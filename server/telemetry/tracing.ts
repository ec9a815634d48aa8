/** Traces of requests: the port, and how its one adapter is started. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Logger } from '../base/logger.ts'
import type { Tracer } from '../base/tracer.ts'

/** As log lines name the trace that they belong to. */
export type TraceIds = { trace_id: string; span_id: string }

/** What is known of a request once it is answered. */
export type RequestEnd = {
  /** Names of the tables that it touched. */
  tables: string[]
  /** Undefined if nobody was there to be answered. */
  status: number | undefined
  /** The error's code, if it failed. */
  error: string | undefined
  /** What lies behind an answer of 500 and more. */
  cause: Error | undefined
}

/** The span of a request, from its arrival to its answer. */
export interface RequestSpan {
  readonly ids: TraceIds
  /** Calls `work`; the span is current in all that follows from it. */
  run<A, B, R>(work: (a: A, b: B) => R, a: A, b: B): R
  end(end: RequestEnd): void
}

export interface RequestTracer extends Tracer {
  /** `operation`: undefined if the request names none there is. */
  begin(operation: string | undefined, requestId: string, headers: IncomingHttpHeaders): RequestSpan
  /** Sends what is not sent yet. */
  close(): Promise<void>
}

/** The tracer that the OTEL_* variables describe. What it is made of is loaded here, and nowhere else. */
export async function startTracing(logger: Logger): Promise<RequestTracer> {
  const { startOpenTelemetry } = await import('./opentelemetry.ts')
  return startOpenTelemetry(logger)
}
