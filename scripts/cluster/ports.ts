/** Ports for servers that come back to them. */
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below those that systems give to outgoing connections: nobody takes one while its server is away. */
const [FIRST, LAST] = [20_000, 32_000]

/** The first of `count` ports in a row on which nothing listens. */
export async function freePorts(count: number): Promise<number> {
  while (true) {
    const first = FIRST + Math.floor(Math.random() * (LAST - FIRST - count))
    const ports = Array.from({ length: count }, (_, i) => first + i)
    const free = await Promise.all(ports.map(isFree))
    if (free.every(Boolean)) return first
  }
}

/** Whether nothing listens there. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
