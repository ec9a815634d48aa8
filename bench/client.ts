/** A DynamoDB client that does as little as possible, so that what is measured is the server. */
import { connect, type Socket } from 'node:net'
import { targetOf } from './workload.ts'

const SIGNATURE =
  'AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date;x-amz-target, Signature=0000000000000000000000000000000000000000000000000000000000000000'

/** An answer other than 200. `code` is DynamoDB's name of the error, or the status if there is none. */
export class Refusal extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, body: string) {
    super(`${status}: ${body.slice(0, 500)}`)
    this.status = status
    this.code = /"__type"\s*:\s*"(?:[^"#]*#)?([^"]+)"/.exec(body)?.[1] ?? String(status)
  }
}

/** One request as bytes, to be sent as often as wanted. */
export function encodeRequest(port: number, operation: string, body: object): Buffer {
  const text = JSON.stringify(body)
  const head = [
    'POST / HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'Content-Type: application/x-amz-json-1.0',
    `X-Amz-Target: ${targetOf(operation)}`,
    'X-Amz-Date: 20260101T000000Z',
    `Authorization: ${SIGNATURE}`,
    `Content-Length: ${Buffer.byteLength(text)}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${text}`)
}

/** One keep-alive connection, one request at a time. */
export class Connection {
  readonly #socket: Socket
  #chunks: Buffer[] = []
  #received = 0
  /** What the answer that is coming in begins with, once it is here: its status, and where its body begins and ends. */
  #head: { status: number; start: number; end: number } | undefined
  #waiting: { resolve: (body: Buffer) => void; reject: (error: Error) => void } | undefined

  static async open(port: number): Promise<Connection> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    return new Connection(socket)
  }

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', chunk => this.#receive(chunk))
    const lost = (error?: Error) => this.#waiting?.reject(error ?? new Error('the connection was closed'))
    socket.on('error', lost).on('close', () => lost())
  }

  /** The answer's body. Errors: Refusal for any answer but 200; the connection is lost. */
  send(request: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) return reject(new Error('the connection was closed'))
      this.#waiting = { resolve, reject }
      this.#socket.write(request)
    })
  }

  close(): void {
    this.#waiting = undefined
    this.#socket.destroy()
  }

  #receive(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#received += chunk.length
    this.#head ??= this.#readHead()
    if (this.#head === undefined || this.#received < this.#head.end) return
    const { status, start, end } = this.#head
    const body = this.#joined().subarray(start, end)
    const { resolve, reject } = this.#waiting!
    this.#chunks = []
    this.#received = 0
    this.#head = undefined
    if (status === 200) resolve(body)
    else reject(new Refusal(status, body.toString()))
  }

  #joined(): Buffer {
    return this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks)
  }

  #readHead(): { status: number; start: number; end: number } | undefined {
    const received = this.#joined()
    const start = received.indexOf('\r\n\r\n') + 4
    if (start < 4) return undefined
    const head = received.toString('latin1', 0, start)
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1])
    if (!(length >= 0)) {
      this.#waiting?.reject(new Error(`an answer without a length: ${head}`))
      this.close()
      return undefined
    }
    return { status: Number(head.slice(9, 12)), start, end: start + length }
  }
}

/** One request on a connection of its own. Errors: as of `send`; nobody listens. */
export async function ask(port: number, operation: string, body: object): Promise<Buffer> {
  const connection = await Connection.open(port)
  try {
    return await connection.send(encodeRequest(port, operation, body))
  } finally {
    connection.close()
  }
}
