/** A receiver of traces, as OTLP over HTTP in JSON. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'

type Value = { stringValue?: string; intValue?: number; arrayValue?: { values: Value[] } }
type Attribute = { key: string; value: Value }
type RawSpan = {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  startTimeUnixNano: string
  endTimeUnixNano: string
  status: { code?: number }
  attributes: Attribute[]
}
type Export = {
  resourceSpans: { resource: { attributes: Attribute[] }; scopeSpans: { spans: RawSpan[] }[] }[]
}

export type ReceivedSpan = Omit<RawSpan, 'attributes'> & {
  attributes: Record<string, unknown>
  resource: Record<string, unknown>
}

export type Receiver = {
  /** What tells a process to send its traces here, at once. */
  env: NodeJS.ProcessEnv
  spans: ReceivedSpan[]
  /** The spans of a trace, once there are so many. Errors: there are not in a minute. */
  trace(traceId: string, count: number): Promise<ReceivedSpan[]>
}

/** Starts a receiver that ends with the test. */
export async function startReceiver(t: ExecutionContext): Promise<Receiver> {
  const spans: ReceivedSpan[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    spans.push(...spansOf(JSON.parse(Buffer.concat(chunks).toString()) as Export))
    response.setHeader('Content-Type', 'application/json').end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const trace = async (traceId: string, count: number) => {
    for (let waited = 0; waited < 60_000; waited += 20) {
      const found = spans.filter(span => span.traceId === traceId)
      if (found.length >= count) return found
      await sleep(20)
    }
    throw new Error(`no ${count} spans of ${traceId} in ${JSON.stringify(spans.map(({ name }) => name))}`)
  }
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_BSP_SCHEDULE_DELAY: '20',
  }
  return { env, spans, trace }
}

function spansOf({ resourceSpans }: Export): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans
      .flatMap(scope => scope.spans)
      .map(span => ({ ...span, attributes: plain(span.attributes), resource: plain(resource.attributes) })),
  )
}

function plain(attributes: Attribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, plainValue(value)]))
}

function plainValue({ stringValue, intValue, arrayValue }: Value): unknown {
  return stringValue ?? intValue ?? arrayValue?.values.map(plainValue)
}
