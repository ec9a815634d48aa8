/** Request bodies: read once, in full, decompressed, within limits. */
import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip, inflate, inflateRaw } from 'node:zlib'
import { type DynamoError, service } from '../model/errors.ts'

/** Of a request, as sent and as decompressed. */
export const MAX_BODY_BYTES = 16 * 1024 * 1024

/**
 * A body over the limit is still read to its end before it is refused, because a client that is busy sending would not
 * see the answer; up to here.
 */
const MAX_DISCARDED_BYTES = 4 * MAX_BODY_BYTES

const EMPTY = Buffer.alloc(0)

/** The client has gone; there is nobody to answer. */
export class ConnectionLost extends Error {}

export function hasBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length']
  return length === undefined ? request.headers['transfer-encoding'] !== undefined : length !== '0'
}

/**
 * The whole body, decompressed.
 * Errors: ConnectionLost; RequestEntityTooLargeException; SerializationException if it does not decompress.
 */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  if (!hasBody(request)) return EMPTY
  const body = await collect(request)
  const encoding = request.headers['content-encoding']
  return encoding === undefined || body.length === 0 ? body : decompress(body, encoding.trim().toLowerCase())
}

function collect(request: IncomingMessage): Promise<Buffer> {
  if (Number(request.headers['content-length']) > MAX_DISCARDED_BYTES) return Promise.reject(tooLarge())
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = []
    let length = 0
    request.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length <= MAX_BODY_BYTES) chunks.push(chunk)
      else chunks = []
      if (length > MAX_DISCARDED_BYTES) reject(tooLarge())
    })
    request.on('end', () => {
      if (length > MAX_BODY_BYTES) reject(tooLarge())
      else resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length))
    })
    request.on('error', () => reject(new ConnectionLost()))
  })
}

/** Every chunk costs a turn of the event loop: a large body must not take a thousand of them. */
const LIMITS = { maxOutputLength: MAX_BODY_BYTES, chunkSize: 128 * 1024 }

/** An unknown encoding is left as it is, to fail as JSON. */
async function decompress(body: Buffer, encoding: string): Promise<Buffer> {
  try {
    if (encoding === 'gzip') return await promisify(gunzip)(body, LIMITS)
    if (encoding !== 'deflate') return body
    return hasZlibHeader(body) ? await promisify(inflate)(body, LIMITS) : await promisify(inflateRaw)(body, LIMITS)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge()
    throw service('SerializationException')
  }
}

/** `deflate` means the zlib format, but some clients send the bare stream. */
function hasZlibHeader(body: Buffer): boolean {
  return body.length >= 2 && (body[0]! & 0x0f) === 8 && body.readUInt16BE(0) % 31 === 0
}

function tooLarge(): DynamoError {
  return service('RequestEntityTooLargeException', `Request size exceeds ${MAX_BODY_BYTES} bytes`, 413)
}
