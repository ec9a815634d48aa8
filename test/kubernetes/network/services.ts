/** What kube-proxy does, in this process: it listens on the address of each service, and passes connections on to ready pods. */
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Service } from '../objects.ts'
import type { Endpoints } from './endpoints.ts'

export class Services {
  readonly #listening = new Map<string, Server>()
  /** Set before any connection can come. */
  endpoints: Endpoints | undefined

  changed(service: Service): void {
    const { clusterIP, ports = [] } = service.spec
    if (!clusterIP || clusterIP === 'None') return
    for (const { name, port, protocol } of ports) {
      const place = `${clusterIP}:${port}`
      if (protocol !== 'TCP' || this.#listening.has(place)) continue
      const server = createServer(socket => this.#pass(socket, service, name))
      server.on('error', error => console.error(`service ${service.metadata.name}: ${error.message}`))
      server.listen(port, clusterIP)
      this.#listening.set(place, server)
    }
  }

  gone({ spec: { clusterIP, ports = [] } }: Service): void {
    for (const { port } of ports) {
      this.#listening.get(`${clusterIP}:${port}`)?.close()
      this.#listening.delete(`${clusterIP}:${port}`)
    }
  }

  #pass(socket: Socket, { metadata: { namespace, name } }: Service, portName: string | undefined): void {
    const ready = this.endpoints?.ready(namespace, name) ?? []
    const { address, ports } = ready[Math.floor(Math.random() * ready.length)] ?? {}
    const port = ports?.find(port => (port.name || undefined) === (portName || undefined))?.port
    if (address === undefined || port === undefined) socket.resetAndDestroy()
    else join(socket, connect(port, address))
  }
}

/** Bytes go both ways until either side ends or breaks. */
export function join(one: Socket, other: Socket): void {
  for (const [from, to] of [[one, other] as const, [other, one] as const]) {
    from.pipe(to)
    from.on('error', () => to.destroy())
    from.on('close', () => to.destroy())
  }
}
