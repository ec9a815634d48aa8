/** Routes of the Lambda API's event source mappings: REST, where DynamoDB's own API is one path. */
import type { IncomingMessage } from 'node:http'
import { createEventSourceMapping } from '../api/CreateEventSourceMapping.ts'
import { deleteEventSourceMapping } from '../api/DeleteEventSourceMapping.ts'
import { getEventSourceMapping } from '../api/GetEventSourceMapping.ts'
import { listEventSourceMappings } from '../api/ListEventSourceMappings.ts'
import { decode } from '../api/shape/decode.ts'
import type { JsonObject } from '../api/shape/scalar.ts'
import type { TriggerCall, TriggerOperation } from '../api/trigger/operation.ts'
import { updateEventSourceMapping } from '../api/UpdateEventSourceMapping.ts'
import { parseSignature } from '../auth/signature.ts'
import { DynamoError, internalServerError, service } from '../model/errors.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { ConnectionLost, readBody } from './body.ts'
import { parseObject } from './json.ts'

/** What a handler gets beside its input. */
export type LambdaWorld = Omit<TriggerCall, 'meter'>

export type LambdaReply = { status: number; type: string; body: string; headers?: string[]; encoding?: undefined }

const ROUTE = /^\/2015-03-31\/event-source-mappings(?:\/([^/?]*))?\/?(?:\?|$)/
const TYPE = 'application/json'

/** By method: of the list, and of one mapping. */
const OPERATIONS: Record<string, { list?: TriggerOperation; one?: TriggerOperation }> = {
  POST: { list: createEventSourceMapping },
  GET: { list: listEventSourceMappings, one: getEventSourceMapping },
  PUT: { one: updateEventSourceMapping },
  DELETE: { one: deleteEventSourceMapping },
}

export function isLambdaPath(url: string): boolean {
  return url.startsWith('/2015-03-31/')
}

/** Errors: ConnectionLost. */
export async function lambdaReply(
  request: IncomingMessage,
  requestId: string,
  world: LambdaWorld,
  telemetry: Telemetry,
): Promise<LambdaReply> {
  const { method = '', url = '', headers } = request
  const [path, id] = ROUTE.exec(url) ?? []
  const operation = path === undefined ? undefined : OPERATIONS[method]?.[id ? 'one' : 'list']
  const meter = telemetry.begin(operation?.name, requestId, headers)
  try {
    const body = await readBody(request)
    if (!operation) throw service('UnknownOperationException', '', 404)
    parseSignature(headers, url)
    const answer = await meter.run(handle, operation, { input: inputOf(url, id, body), call: { ...world, meter } })
    meter.succeeded()
    return { status: operation.status, type: TYPE, body: JSON.stringify(answer) }
  } catch (error) {
    if (error instanceof ConnectionLost) {
      meter.abandoned()
      throw error
    }
    const refusal = error instanceof DynamoError ? error : internalServerError()
    meter.failed(refusal, error)
    return refusalOf(refusal)
  }
}

function handle(
  operation: TriggerOperation,
  { input, call }: { input: JsonObject; call: TriggerCall },
): Promise<object> {
  return operation.handle(decode(operation.input, input), call)
}

/** Members of the body, of the query and of the path. Errors: SerializationException. */
function inputOf(url: string, id: string | undefined, body: Buffer): JsonObject {
  const start = url.indexOf('?')
  const query: JsonObject = Object.fromEntries(new URLSearchParams(start < 0 ? '' : url.slice(start + 1)))
  const { MaxItems } = query
  if (typeof MaxItems === 'string' && /^\d{1,9}$/.test(MaxItems)) query.MaxItems = Number(MaxItems)
  const members = body.length === 0 ? {} : parseObject(body)
  return { ...query, ...members, ...(id && { UUID: idOf(id) }) }
}

function idOf(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function refusalOf({ code, message, status }: DynamoError): LambdaReply {
  const text = message === '' ? code : message
  const type = status >= 500 ? 'Service' : 'User'
  // Members of either spelling: some errors of the Lambda API have the one, some the other.
  const body = JSON.stringify({ Type: type, Message: text, message: text })
  return { status, type: TYPE, body, headers: ['x-amzn-ErrorType', code] }
}
