/** A whole cluster on this machine: etcd, NATS, storage nodes and servers, each a process that may be killed and come back. */
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { binaries } from './binaries.ts'
import { EtcdCluster } from './etcd.ts'
import { NatsCluster } from './nats.ts'
import { isFree } from './ports.ts'
import { Server } from './process.ts'
import { type Zone, zoneAt } from './zone.ts'

export type TavolaClusterOptions = {
  /** Of the first server; the second has the next one, and all others lie within the hundred from there. */
  port: number
  /** Of all their files. */
  folder: string
  storageNodes?: number
  servers?: number
  /** Where the partitions' logs are. */
  log?: 'jetstream' | 'etcd'
  /** Partitions of a new table. */
  partitions?: number
  /** More of each Tavola process. */
  environment?: NodeJS.ProcessEnv
  /** How long each of them may take to serve, in milliseconds; see process.ts. */
  patienceMs?: number
  /** Another `bin/tavola.js` than that of this checkout; by the name of the process, each time it is started. */
  main?: string | ((process: string) => string)
  /** Three networks; without them, all run on 127.0.0.1. */
  zones?: Zone[]
}

export type ProcessRecord = {
  role: 'storage' | 'server' | 'etcd' | 'nats'
  name: string
  zone: string
  pid: number | undefined
  address: string
}

const MAIN = fileURLToPath(new URL('../../bin/tavola.js', import.meta.url))
const ZONES = 3
/** From the first server's port on. */
const PORTS = { etcd: 10, nats: 20, rpc: 30, status: 50 }

type Place = { server: Server; zone: string; address: string }

export class TavolaCluster {
  readonly etcd: EtcdCluster
  /** Undefined if the logs are in etcd. */
  readonly nats: NatsCluster | undefined
  readonly storage: Server[]
  /** One storage node more: whoever wants it starts it, and stops it. */
  readonly spare: Server
  readonly servers: Server[]
  /** Of the servers. */
  readonly endpoints: string[]
  readonly #options: TavolaClusterOptions
  readonly #places: { storage: Place[]; server: Place[] }

  /** Errors: etcd and NATS are not here, and can't be had. */
  static async prepare(options: TavolaClusterOptions, say?: (line: string) => void): Promise<TavolaCluster> {
    return new TavolaCluster(options, await binaries(say))
  }

  private constructor(options: TavolaClusterOptions, programs: { etcd: string; nats: string }) {
    const { port, folder, storageNodes = 3, servers = 2, log = 'jetstream', zones } = options
    this.#options = options
    this.etcd = new EtcdCluster({ binary: programs.etcd, folder: join(folder, 'etcd'), port: port + PORTS.etcd, zones })
    this.nats =
      log === 'etcd'
        ? undefined
        : new NatsCluster({ binary: programs.nats, folder: join(folder, 'nats'), port: port + PORTS.nats, zones })
    const storage = Array.from({ length: storageNodes }, (_, i) => this.#storageNode(i))
    const server = Array.from({ length: servers }, (_, i) => this.#server(i))
    this.#places = { storage, server }
    this.storage = storage.map(place => place.server)
    this.spare = this.#storageNode(storageNodes).server
    this.servers = server.map(place => place.server)
    this.endpoints = server.map(place => place.address)
  }

  /** Starts all of it. Resolves once the servers serve. Errors: with what did not start. */
  async start(): Promise<void> {
    await this.#claimFolder()
    for (const { name, address } of this.processes()) {
      const port = Number(new URL(address).port)
      if (!(await isFree(port))) throw new Error(`port ${port} is in use, and ${name} needs it: choose another --port`)
    }
    await Promise.all([this.etcd.start(), this.nats?.start()])
    await Promise.all(this.storage.map(node => node.start()))
    await Promise.all(this.servers.map(server => server.start()))
  }

  /** Ends all of it, in order. */
  async stop(): Promise<void> {
    await Promise.all(this.servers.map(server => server.stop()))
    await Promise.all(this.storage.map(node => node.stop()))
    // What they have acknowledged is on their disks; etcd in good order waits seconds for members that have gone.
    await Promise.all([this.nats?.stop(), this.etcd.stop('SIGKILL')])
  }

  /** All processes, as they are now. */
  processes(): ProcessRecord[] {
    const tavola = (['storage', 'server'] as const).flatMap(role =>
      this.#places[role].map(({ server: { name, pid }, zone, address }) => ({ role, name, zone, pid, address })),
    )
    const record = (role: 'etcd' | 'nats', urls: string[]) => (server: Server, i: number) => {
      return { role, name: server.name, zone: zoneOf(i), pid: server.pid, address: urls[i]! }
    }
    const etcd = this.etcd.members.map(record('etcd', this.etcd.urls))
    const nats = this.nats?.servers.map(record('nats', this.nats.urls)) ?? []
    return [...tavola, ...etcd, ...nats]
  }

  #storageNode(i: number): Place {
    const { port, folder, log = 'jetstream', zones } = this.#options
    const { host } = zoneAt(zones, i)
    const name = `storage-${i + 1}`
    const [rpc, status] = [port + PORTS.rpc + i, port + PORTS.status + i]
    const flags = {
      ...{ node: name, 'data-dir': join(folder, name), host, 'rpc-host': host, 'rpc-port': rpc, port: status, log },
      ...(this.nats && { nats: this.nats.urls.join() }),
    }
    return { ...this.#process('storage', name, i, flags), address: `http://${host}:${rpc}` }
  }

  #server(i: number): Place {
    const { port, folder, partitions = 1, zones } = this.#options
    const { host } = zoneAt(zones, i)
    const own = port + i
    const nats = this.nats && { nats: this.nats.urls.join() }
    const triggers = { ...nats, 'trigger-hosts': '127.0.0.1' }
    const flags = { host, port: own, partitions, 'data-dir': join(folder, 'shared'), ...triggers }
    return { ...this.#process('server', `server-${i + 1}`, i, flags), address: `http://${host}:${own}` }
  }

  /** On `port` it says whether it is ready. */
  #process(role: string, name: string, i: number, flags: Record<string, string | number>) {
    const { folder, environment, patienceMs, main = MAIN, zones } = this.#options
    const { enter } = zoneAt(zones, i)
    const zone = zoneOf(i)
    const all = { ...flags, zone, etcd: this.etcd.urls.join() }
    const words = [role, ...Object.entries(all).map(([flag, value]) => `--${flag}=${value}`)]
    const program = {
      name,
      get command() {
        return [...enter, process.execPath, typeof main === 'string' ? main : main(name), ...words]
      },
      log: join(folder, `${name}.log`),
      ready: () => isReady(`http://${flags.host}:${flags.port}`),
      environment,
      patienceMs,
    }
    return { server: new Server(program), zone }
  }

  /** Etcd's members remember under which ports they know each other. */
  async #claimFolder(): Promise<void> {
    const { folder, port } = this.#options
    await mkdir(folder, { recursive: true })
    const path = join(folder, 'port')
    const before = existsSync(path) ? Number(await readFile(path, 'utf8')) : port
    if (before !== port)
      throw new Error(`the cluster in ${folder} was begun with --port ${before}: say so, or choose another folder`)
    await writeFile(path, `${port}\n`, { flush: true })
  }
}

function zoneOf(i: number): string {
  return `zone-${(i % ZONES) + 1}`
}

async function isReady(url: string): Promise<boolean> {
  return (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(1000) })).ok
}
