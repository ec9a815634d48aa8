/** Requests in plain JSON, and their outcomes in a form that can be compared. */
import { isDeepStrictEqual } from 'node:util'

// biome-ignore lint/suspicious/noExplicitAny: answers are JSON, looked into here and there.
export type Json = any

/** An answer, or how the request was refused. */
export type Outcome = { answer: Json; error?: undefined } | { answer?: undefined; error: Refusal }
export type Refusal = { code: string; message: string; item?: Json }

export type Send = (operation: string, request: object) => Promise<Outcome>

export function clientOf(endpoint: string): Send {
  const Authorization =
    'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=00'
  return async (operation, request) => {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/x-amz-json-1.0',
        'X-Amz-Target': `DynamoDB_20120810.${operation}`,
        'X-Amz-Date': '20260101T000000Z',
        Authorization,
      },
      body: JSON.stringify(request),
    })
    const body: Json = await response.json()
    if (response.ok) return { answer: body }
    const code = (body.__type as string).replace(/.*#/, '')
    return { error: { code, message: body.message ?? body.Message, item: body.Item } }
  }
}

/** The answer of a request that must succeed. */
export async function answerOf(send: Send, operation: string, request: object): Promise<Json> {
  const { answer, error } = await send(operation, request)
  if (error) throw new Error(`${operation}: ${error.code}: ${error.message}`)
  return answer
}

export class Difference extends Error {}

/** @throws Difference */
export function expectEqual(what: string, actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return
  throw new Difference(`${what}\n  is ${JSON.stringify(actual)}\n  not ${JSON.stringify(expected)}`)
}

/** The beginnings by which messages about expressions differ from those about statements. */
const DRESSING =
  /^(?:1 validation error detected: )?(?:Invalid \w+Expression: )?(?:One or more parameter values were invalid: (?=Global secondary index|Secondary index))?/

/** The refusal of a native request, in the words of statements. */
export function inStatementWords({ code, message, item }: Refusal): Refusal {
  return { code, message: message.replace(DRESSING, ''), item }
}

/** Sets come in no order. */
export function canonical(value: Json): Json {
  if (Array.isArray(value)) return value.map(canonical)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).map(([name, member]) => {
    const isSet = ['SS', 'NS', 'BS'].includes(name) && Array.isArray(member)
    return [name, isSet ? [...(member as string[])].sort() : canonical(member)]
  })
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Items in an order of their own. */
export function sorted(items: Json[]): string[] {
  return items.map(item => JSON.stringify(canonical(item))).sort()
}
