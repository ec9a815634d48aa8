/** The lines of an object, decompressed on the way. */
import { Readable, type Transform } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'

export type Compression = 'NONE' | 'GZIP' | 'ZSTD'

/** `text` is undefined for a line that is too long. `bytes`: its share of what was decompressed. */
export type Line = { text: string | undefined; bytes: number }

/** Characters: an item of 400 KB is longer as text, but not by so much. */
const MAX_LINE = 8 * 1024 * 1024

/** Lines without their ends; empty ones are left out. Errors: of the store; of the decompression. */
export async function* linesOf(pieces: AsyncIterable<Uint8Array>, compression: Compression): AsyncGenerator<Line> {
  let rest = ''
  let skipped = 0
  for await (const piece of textOf(pieces, compression)) {
    const parts = (rest + piece).split('\n')
    rest = parts.pop()!
    for (const part of parts) {
      if (skipped > 0) yield { text: undefined, bytes: skipped + part.length + 1 }
      else if (part.trim() !== '') yield { text: withoutReturn(part), bytes: Buffer.byteLength(part) + 1 }
      skipped = 0
    }
    if (rest.length > MAX_LINE || skipped > 0) {
      skipped += rest.length
      rest = ''
    }
  }
  if (skipped > 0) yield { text: undefined, bytes: skipped + rest.length }
  else if (rest.trim() !== '') yield { text: withoutReturn(rest), bytes: Buffer.byteLength(rest) }
}

function textOf(pieces: AsyncIterable<Uint8Array>, compression: Compression): AsyncIterable<string> {
  const source = Readable.from(pieces)
  const decompress: Transform | undefined =
    compression === 'GZIP' ? createGunzip() : compression === 'ZSTD' ? createZstdDecompress() : undefined
  if (!decompress) return source.map((piece: Uint8Array) => Buffer.from(piece)).setEncoding('utf8')
  source.on('error', error => decompress.destroy(error))
  return source.pipe(decompress).setEncoding('utf8')
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line
}
