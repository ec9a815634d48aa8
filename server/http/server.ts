/** The HTTP server under the app: limits against slow, oversized and malformed requests, and an orderly end. */
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { promisify } from 'node:util'
import type Koa from 'koa'

const LIMITS = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 20_000,
  requestTimeout: 120_000,
  /** Longer than the minute that load balancers keep idle connections, so that it is they who close them. */
  keepAliveTimeout: 65_000,
}

/** How often connections that have become idle are closed while the server drains, in milliseconds. */
const DRAIN_INTERVAL = 25

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
  const latest = new WeakMap<Socket, ServerResponse>()
  const node = createHttpServer(LIMITS, (request, response) => {
    latest.set(request.socket, response)
    if (!node.listening) response.shouldKeepAlive = false
    handle(request, response)
  })
  node.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => refuse(error, socket, latest.get(socket)))
  node.on('connect', (_request: IncomingMessage, socket: Socket) => end(socket, '404 Not Found'))
  const connections = promisify(node.getConnections.bind(node))
  return { node, connections, close: (patience = 10_000) => close(node, patience) }
}

/** Answers what is not HTTP, unless the request it belongs to has its answer already, or part of it. */
function refuse(error: NodeJS.ErrnoException, socket: Socket, response: ServerResponse | undefined): void {
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
