/** An HTTP server that takes what triggers send, and answers as it is told. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Received = { path: string; headers: IncomingHttpHeaders; body: string; at: number }

/** `hang`: no answer at all. `reset`: the connection breaks. */
export type Answered =
  | { status?: number; body?: string; headers?: Record<string, string>; waitMs?: number }
  | 'hang'
  | 'reset'

export type Answerer = (request: Received) => Answered | Promise<Answered>

export class Receiver {
  readonly received: Received[] = []
  answer: Answerer = () => ({})
  readonly #server: Server

  static async start(answer?: Answerer): Promise<Receiver> {
    const receiver = new Receiver()
    if (answer) receiver.answer = answer
    await receiver.listen(0)
    return receiver
  }

  private constructor() {
    this.#server = createServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const body = Buffer.concat(chunks).toString()
      const received = { path: request.url!, headers: request.headers, body, at: Date.now() }
      this.received.push(received)
      const answer = await this.answer(received)
      if (answer === 'hang') return
      if (answer === 'reset') return void request.socket.destroy()
      if (answer.waitMs) await new Promise(resolve => setTimeout(resolve, answer.waitMs))
      response
        .writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers })
        .end(answer.body ?? '')
    })
    this.#server.on('error', () => {})
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Bodies of what came, parsed. */
  bodies<T>(): T[] {
    return this.received.map(({ body }) => JSON.parse(body) as T)
  }

  async listen(port: number): Promise<void> {
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>(resolve => this.#server.close(() => resolve()))
  }
}
