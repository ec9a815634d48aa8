/** Signatures of outgoing calls, by which a receiver knows whose they are. Pure. */
import { createHash, createHmac } from 'node:crypto'
import type { Signing } from '../records.ts'

const ALGORITHM = 'AWS4-HMAC-SHA256'

/** `t=<epoch seconds>,v1=<hexadecimal HMAC-SHA256 of "<t>.<body>">` */
export function hmacSignature(secret: string, body: string, now: number): string {
  const time = Math.floor(now / 1000)
  return `t=${time},v1=${createHmac('sha256', secret).update(`${time}.${body}`).digest('hex')}`
}

/** The headers of Signature Version 4 for a POST of JSON to the Lambda service. */
export function awsSignature(
  { keyId, secret }: Signing,
  { url, body, region, now }: { url: string; body: string; region: string; now: number },
): Record<string, string> {
  const { host, pathname, searchParams } = new URL(url)
  const date = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '')
  const scope = `${date.slice(0, 8)}/${region}/lambda/aws4_request`
  const signed = 'content-type;host;x-amz-date'
  const query = [...searchParams]
    .map(pair => pair.map(encode).join('='))
    .sort()
    .join('&')
  // What is in the path is encoded once more, as for all services but S3.
  const path = pathname.split('/').map(encode).join('/')
  const headers = `content-type:application/json\nhost:${host}\nx-amz-date:${date}\n`
  const request = ['POST', path, query, headers, signed, sha256(body)].join('\n')
  const key = scope.split('/').reduce<string | Buffer>((key, part) => hmac(key, part), `AWS4${secret}`)
  const signature = hmac(key, [ALGORITHM, date, scope, sha256(request)].join('\n')).toString('hex')
  const authorization = `${ALGORITHM} Credential=${keyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}`
  return { 'x-amz-date': date, authorization }
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}
