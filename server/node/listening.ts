/** Servers of HTTP, and why one may not listen where it was told to. */
import { OperatorError } from '../base/failure.ts'
import { createServer, type HttpServer } from '../http/server.ts'

export type Listening = { host: string; port: number }

/** Errors: OperatorError. */
export async function listen(app: Parameters<typeof createServer>[0], { host, port }: Listening): Promise<HttpServer> {
  const server = createServer(app)
  await new Promise<void>((resolve, reject) => {
    server.node.once('error', error => reject(new OperatorError(failure(error, host, port))))
    server.node.listen(port, host, resolve)
  })
  return server
}

/** `http://127.0.0.1:8000` */
export function endpointOf({ node }: HttpServer): string {
  const address = node.address()
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port')
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `http://${host}:${address.port}`
}

function failure(error: NodeJS.ErrnoException, host: string, port: number): string {
  if (error.code === 'EADDRINUSE') return `Port ${port} on ${host} is in use; choose another one with --port.`
  if (error.code === 'EACCES')
    return `Port ${port} on ${host} needs more rights than this process has; choose another one with --port.`
  return `Cannot listen on ${host} port ${port}: ${error.message}.`
}
