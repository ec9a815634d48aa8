/** Nats-servers with JetStream on this machine, as Tavola's log wants them. */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Server } from './process.ts'
import { type Zone, zoneAt } from './zone.ts'

export type NatsOptions = {
  /** The program, see `binaries`. */
  binary: string
  folder: string
  /** Each server takes three ports from here on: for clients, for the others, for questions. */
  port: number
  servers?: number
  /** When what was appended is synced: `always` before it is acknowledged, or so long after. */
  sync?: string
  /** One for each server. */
  zones?: Zone[]
}

/** In MB: an entry of one transaction is a bit over 4. */
const MAX_PAYLOAD = 16

export class NatsCluster {
  readonly servers: Server[]
  /** For clients. */
  readonly urls: string[]
  readonly #folder: string
  readonly #sync: string

  constructor({ binary, folder, port, servers = 3, sync = 'always', zones }: NatsOptions) {
    this.#folder = folder
    this.#sync = sync
    const ports = Array.from({ length: servers }, (_, i) => port + 3 * i)
    this.urls = ports.map((port, i) => `nats://${zoneAt(zones, i).host}:${port}`)
    this.servers = ports.map((port, i) => {
      const { host, enter } = zoneAt(zones, i)
      const name = `nats-${i + 1}`
      const files = { config: join(folder, `${name}.conf`), log: join(folder, `${name}.log`) }
      return new Server({
        name,
        command: [...enter, binary, '--config', files.config],
        log: files.log,
        ready: () => isHealthy(`http://${host}:${port + 2}`),
      })
    })
  }

  /** Starts all of them. Resolves once JetStream has a leader. */
  async start(): Promise<void> {
    await mkdir(this.#folder, { recursive: true })
    for (const [i, server] of this.servers.entries()) {
      await writeFile(join(this.#folder, `${server.name}.conf`), this.#config(i))
      server.launch()
    }
    await Promise.all(this.servers.map(server => server.serves()))
  }

  /** Throws away the disk of a server that is stopped. */
  async wipe(server: Server): Promise<void> {
    await rm(this.disk(server), { recursive: true, force: true })
  }

  /** The folder of a server's data. */
  disk(server: Server): string {
    return join(this.#folder, server.name)
  }

  async stop(signal?: NodeJS.Signals): Promise<void> {
    await Promise.all(this.servers.map(server => server.stop(signal)))
  }

  #config(i: number): string {
    const [client, route, http] = [0, 1, 2].map(offset => placeOf(this.urls[i]!, offset))
    const routes = this.urls.map(url => `nats://${placeOf(url, 1)}`)
    const server = this.servers[i]!
    return `
server_name: ${server.name}
server_tags: ["az:zone-${i + 1}"]
listen: ${client}
http: ${http}
max_payload: ${MAX_PAYLOAD}MB
ping_interval: "5s"
jetstream {
  store_dir: ${JSON.stringify(this.disk(server))}
  sync_interval: ${JSON.stringify(this.#sync)}
  unique_tag: "az:"
  max_memory_store: 256MB
  max_file_store: 100GB
}
${
  this.servers.length === 1
    ? ''
    : `cluster { name: tavola, listen: ${route}, routes: ${JSON.stringify(routes)}, pool_size: 3 }`
}
`
  }
}

/** Host and port, so many ports from where clients go. */
function placeOf(url: string, offset: number): string {
  const { hostname, port } = new URL(url)
  return `${hostname}:${Number(port) + offset}`
}

/** Its own streams and the cluster's are as they should be. */
async function isHealthy(url: string): Promise<boolean> {
  return (await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(1000) })).ok
}
