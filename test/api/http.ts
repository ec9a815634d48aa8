/** Requests as bytes, for what the SDK would never send and what it hides of the answers. */
import { type IncomingHttpHeaders, request } from 'node:http'

export type Reply = {
  status: number
  headers: IncomingHttpHeaders
  /** As sent: compressed, if it was. */
  bytes: Buffer
  text: string
}

const AUTHORIZATION =
  'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=0'

export type Exchange = { method?: string; path?: string; headers?: Record<string, string>; body?: string | Buffer }

/** One HTTP exchange, headers and body as given. */
export function exchange(endpoint: string, { method = 'POST', path = '/', headers, body }: Exchange): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, endpoint), { method, headers }, response => {
      const chunks: Buffer[] = []
      response.on('data', chunk => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const bytes = Buffer.concat(chunks)
        resolve({ status: response.statusCode!, headers: response.headers, bytes, text: bytes.toString() })
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

/** The headers of a call that DynamoDB would look at further. */
export function apiHeaders(operation: string): Record<string, string> {
  return {
    'Content-Type': 'application/x-amz-json-1.0',
    'X-Amz-Target': `DynamoDB_20120810.${operation}`,
    'X-Amz-Date': '20260101T000000Z',
    Authorization: AUTHORIZATION,
  }
}

/** Calls an operation with a body of any kind: text goes as it is, anything else as JSON. */
export function call(
  endpoint: string,
  operation: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const bytes = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
  return exchange(endpoint, { headers: { ...apiHeaders(operation), ...headers }, body: bytes })
}
