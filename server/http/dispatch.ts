/** From the bytes of a request to the text of its answer, in DynamoDB's order of checks (facts, section 1.4). */
import type { IncomingHttpHeaders } from 'node:http'
import { type Answer, type Call, JsonText, type Operation } from '../api/operation.ts'
import { decode } from '../api/shape/decode.ts'
import type { JsonObject } from '../api/shape/scalar.ts'
import { knowingTables } from '../api/table/find.ts'
import { parseSignature, type Signature } from '../auth/signature.ts'
import { service } from '../model/errors.ts'
import type { RequestMeter } from '../telemetry/request.ts'
import { parseObject } from './json.ts'

export type Api = {
  /** By X-Amz-Target. */
  targets: Map<string, Operation>
  call(requestId: string, signature: Signature, meter: RequestMeter): Call
}

export type ApiRequest = {
  id: string
  /** What X-Amz-Target names, if it is known. */
  operation: Operation | undefined
  headers: IncomingHttpHeaders
  /** GET has its input in the URL, anything else in the body. */
  method: string
  url: string
  /** Decompressed. */
  body: Buffer
  meter: RequestMeter
}

/** `DynamoDB_20120810.GetItem` and so on. */
export function targetsOf(operations: Operation[], streamsOperations: Operation[]): Map<string, Operation> {
  const targets = new Map<string, Operation>()
  for (const operation of operations) targets.set(`DynamoDB_20120810.${operation.name}`, operation)
  for (const operation of streamsOperations) targets.set(`DynamoDBStreams_20120810.${operation.name}`, operation)
  return targets
}

/** Errors: whatever DynamoError refuses the request. */
export async function dispatch(api: Api, request: ApiRequest): Promise<string> {
  const { operation } = request
  const json = request.method === 'GET' ? parametersOf(request.url) : bodyOf(request)
  if (operation === undefined) throw service('UnknownOperationException')
  const signature = parseSignature(request.headers, request.url)
  if (json === undefined) throw service('SerializationException')
  const call = api.call(request.id, signature, request.meter)
  return textOf(await knowingTables(call, () => operation.handle(decode(operation.input, json), call)))
}

function bodyOf({ body }: ApiRequest): JsonObject | undefined {
  return body.length === 0 ? undefined : parseObject(body)
}

function parametersOf(url: string): JsonObject {
  const start = url.indexOf('?')
  return Object.fromEntries(new URLSearchParams(start < 0 ? '' : url.slice(start + 1)))
}

function textOf(answer: Answer): string {
  if (answer === undefined) return ''
  return answer instanceof JsonText ? answer.text : JSON.stringify(answer)
}
