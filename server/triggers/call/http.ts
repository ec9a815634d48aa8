/** One POST, with an end in time. */

export type Request = {
  url: string
  headers: Record<string, string>
  body: string
  timeoutMs: number
  signal: AbortSignal
}

/** `wasReached`: false if there was no connection, so that nobody has seen the request. */
export type Answer = { status: number; headers: Headers; body: string } | { reason: string; wasReached: boolean }

/** More is no answer. */
const MAX_ANSWER_BYTES = 6 * 1024 * 1024

const UNREACHED = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT/

/** Never rejects. Redirections are not followed: they could lead anywhere. */
export async function post({ url, headers, body, timeoutMs, signal }: Request): Promise<Answer> {
  const timeout = AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers,
      body,
      redirect: 'manual',
      signal: AbortSignal.any([timeout, signal]),
    })
    return { status: response.status, headers: response.headers, body: await textOf(response) }
  } catch (error) {
    if (timeout.aborted) return { reason: `no answer within ${timeoutMs} ms`, wasReached: true }
    const { message, cause } = error as Error & { cause?: NodeJS.ErrnoException }
    const code = cause?.code ?? ''
    return { reason: code || message, wasReached: !UNREACHED.test(code) }
  }
}

/** Errors: it is too long, or was cut. */
async function textOf({ body }: Response): Promise<string> {
  if (!body) return ''
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > MAX_ANSWER_BYTES) throw new Error('the answer is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
