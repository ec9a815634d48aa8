/** The HTTP server under the app: limits against slow, oversized and malformed requests, and an orderly end. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { promisify } from 'node:util'
import type Koa from 'koa'

// An `import` of it would also load what it re-exports lazily, a whole HTTP client: 13 MB and a tenth of a second.
const { createServer: createHttpServer } = process.getBuiltinModule('node:http')

const LIMITS = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 20_000,
  requestTimeout: 120_000,
  /** Longer than the minute that load balancers keep idle connections, so that it is they who close them. */
  keepAliveTimeout: 65_000,
}

/** How often connections that have become idle are closed while the server drains, in milliseconds. */
const DRAIN_INTERVAL = 25

/** The response to a connection's latest request. */
const LATEST = Symbol('latest response')
type AnsweredSocket = Socket & { [LATEST]?: ServerResponse }

export type HttpServer = {
  /** The Node server, to listen with. */
  node: Server
  /** How many are open. */
  connections(): Promise<number>
  /**
   * Stops accepting, lets requests in flight finish, closes idle connections; after `patience` milliseconds, all.
   * Resolves once no connection is left.
   */
  close(patience?: number): Promise<void>
}

export function createServer(app: Koa): HttpServer {
  const handle = app.callback()
  const node = createHttpServer(LIMITS, (request, response) => {
    const socket: AnsweredSocket = request.socket
    socket[LATEST] = response
    if (!node.listening) response.shouldKeepAlive = false
    handle(request, response)
  })
  node.on('clientError', (error: NodeJS.ErrnoException, socket: AnsweredSocket) => refuse(error, socket))
  node.on('connect', (_request: IncomingMessage, socket: Socket) => end(socket, '404 Not Found'))
  const connections = promisify(node.getConnections.bind(node))
  return { node, connections, close: (patience = 10_000) => close(node, patience) }
}

/** Answers what is not HTTP, unless the request it belongs to has its answer already, or part of it. */
function refuse(error: NodeJS.ErrnoException, socket: AnsweredSocket): void {
  const response = socket[LATEST]
  const finished = response === undefined || (response.writableFinished && response.req.complete)
  const answered = !finished && response.headersSent
  if (error.code === 'ECONNRESET' || !socket.writable || answered) socket.destroy()
  else end(socket, error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? '408 Request Timeout' : '400 Bad Request')
}

function end(socket: Socket, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nServer: Server\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`, () =>
    socket.destroy(),
  )
}

async function close(server: Server, patience: number): Promise<void> {
  const closed = new Promise<void>(resolve => server.close(() => resolve()))
  const sweep = setInterval(() => server.closeIdleConnections(), DRAIN_INTERVAL)
  const deadline = setTimeout(() => server.closeAllConnections(), patience)
  await closed
  clearInterval(sweep)
  clearTimeout(deadline)
}
