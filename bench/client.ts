/** A DynamoDB client that does as little as possible, so that what is measured is the server. */
import { connect, type Socket } from 'node:net'

const SIGNATURE =
  'AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date;x-amz-target, Signature=0000000000000000000000000000000000000000000000000000000000000000'

/** One request as bytes, to be sent as often as wanted. */
export function encodeRequest(port: number, operation: string, body: object): Buffer {
  const text = JSON.stringify(body)
  const head = [
    'POST / HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'Content-Type: application/x-amz-json-1.0',
    `X-Amz-Target: DynamoDB_20120810.${operation}`,
    'X-Amz-Date: 20260101T000000Z',
    `Authorization: ${SIGNATURE}`,
    `Content-Length: ${Buffer.byteLength(text)}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${text}`)
}

/** One keep-alive connection, one request at a time. */
export class Connection {
  readonly #socket: Socket
  #received: Buffer = Buffer.alloc(0)
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

  /** The answer's body. Errors: any answer but 200. */
  send(request: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#socket.write(request)
    })
  }

  close(): void {
    this.#waiting = undefined
    this.#socket.destroy()
  }

  #receive(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    const end = this.#received.indexOf('\r\n\r\n')
    if (end < 0) return
    const head = this.#received.toString('latin1', 0, end)
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1])
    if (!(length >= 0)) throw new Error(`an answer without a length: ${head}`)
    if (this.#received.length < end + 4 + length) return
    const body = this.#received.subarray(end + 4, end + 4 + length)
    this.#received = this.#received.subarray(end + 4 + length)
    const { resolve, reject } = this.#waiting!
    if (head.startsWith('HTTP/1.1 200')) resolve(body)
    else reject(new Error(`${head.split('\r\n')[0]}: ${body}`))
  }
}
