/** Compression of answers, as the client's Accept-Encoding allows. */
import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { constants, deflate, gzip } from 'node:zlib'

type Encoding = 'gzip' | 'deflate'
type Encoded = { body: string | Buffer; encoding?: Encoding }

/** Smaller bodies are sent as they are. */
const MIN_COMPRESSED_BYTES = 4096
const FAST = { level: constants.Z_BEST_SPEED }

/** Whether compression is to be thought of at all. */
export function isCompressible(request: IncomingMessage, text: string): boolean {
  return request.headers['accept-encoding'] !== undefined && Buffer.byteLength(text) > MIN_COMPRESSED_BYTES
}

/** The body as it is to be sent, and its encoding if it is compressed. Text is the cheapest for Node to send. */
export async function encode(text: string, request: IncomingMessage): Promise<Encoded> {
  // Node joins repeated headers; only the first counts.
  const encoding = chooseEncoding(request.headersDistinct['accept-encoding']![0]!)
  if (encoding === undefined) return { body: text }
  return { body: await promisify(encoding === 'gzip' ? gzip : deflate)(text, FAST), encoding }
}

/** The better liked of gzip and deflate; undefined if plain bytes are liked best, or neither is accepted. */
export function chooseEncoding(acceptEncoding: string): Encoding | undefined {
  const weights = weightsOf(acceptEncoding)
  const any = weights.get('*') ?? 0
  const gzipWeight = weights.get('gzip') ?? any
  const deflateWeight = weights.get('deflate') ?? any
  const best = Math.max(gzipWeight, deflateWeight)
  if (best === 0 || best < (weights.get('identity') ?? 0)) return undefined
  return gzipWeight >= deflateWeight ? 'gzip' : 'deflate'
}

function weightsOf(acceptEncoding: string): Map<string, number> {
  const weights = new Map<string, number>()
  for (const choice of acceptEncoding.toLowerCase().split(',')) {
    const [name, ...parameters] = choice.split(';').map(part => part.trim())
    const quality = parameters.find(parameter => parameter.startsWith('q='))
    const weight = quality === undefined ? 1 : Number(quality.slice(2))
    weights.set(name!, weight > 0 && weight <= 1 ? weight : 0)
  }
  return weights
}
