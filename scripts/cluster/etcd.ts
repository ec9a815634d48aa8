/** Etcd members on this machine, as Tavola's metadata and log want them. */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Server } from './process.ts'
import { type Zone, zoneAt } from './zone.ts'

export type EtcdOptions = {
  /** The program, see `binaries`. */
  binary: string
  folder: string
  /** Each member takes two ports from here on: for clients, for the others. */
  port: number
  members?: number
  /** One for each member. */
  zones?: Zone[]
}

/** An entry of the log comes in one request. */
const MAX_REQUEST_BYTES = 16 * 1024 * 1024

type Place = { name: string; client: string; peer: string; enter: string[] }
type Member = { ID: string; peerURLs: string[] }

export class EtcdCluster {
  readonly members: Server[]
  /** For clients. */
  readonly urls: string[]
  readonly #options: EtcdOptions
  readonly #places: Place[]

  constructor(options: EtcdOptions) {
    this.#options = options
    this.#places = Array.from({ length: options.members ?? 3 }, (_, i) => {
      const { host, enter } = zoneAt(options.zones, i)
      const [client, peer] = [0, 1].map(offset => `http://${host}:${options.port + 2 * i + offset}`) as [string, string]
      return { name: `etcd-${i + 1}`, client, peer, enter }
    })
    this.urls = this.#places.map(({ client }) => client)
    this.members = this.#places.map(place => this.#member(place, 'new'))
  }

  /** Starts all of them. Resolves once they have a leader. */
  async start(): Promise<void> {
    await mkdir(this.#options.folder, { recursive: true })
    for (const member of this.members) member.launch()
    await Promise.all(this.members.map(member => member.serves()))
  }

  /**
   * Puts an empty member in the place of one that is stopped, as an operator does whose disk is gone: etcd wants it to be a new
   * member. Takes the place in `members`.
   */
  async replace(index: number): Promise<Server> {
    const place = this.#places[index]!
    await rm(this.disk(this.members[index]!), { recursive: true, force: true })
    const { members } = (await this.#ask('member/list', {})) as { members: Member[] }
    const old = members.find(({ peerURLs }) => peerURLs.includes(place.peer))
    if (old) await this.#ask('member/remove', { ID: old.ID })
    await this.#ask('member/add', { peerURLs: [place.peer] })
    const member = this.#member(place, 'existing')
    this.members[index] = member
    await member.start()
    return member
  }

  /** The folder of a member's data. */
  disk(member: Server): string {
    return join(this.#options.folder, member.name)
  }

  async stop(signal?: NodeJS.Signals): Promise<void> {
    await Promise.all(this.members.map(member => member.stop(signal)))
  }

  #member({ name, client, peer, enter }: Place, state: 'new' | 'existing'): Server {
    const { binary, folder } = this.#options
    const flags = {
      name,
      'data-dir': join(folder, name),
      'listen-client-urls': client,
      'advertise-client-urls': client,
      'listen-peer-urls': peer,
      'initial-advertise-peer-urls': peer,
      'initial-cluster': this.#places.map(({ name, peer }) => `${name}=${peer}`).join(),
      'initial-cluster-state': state,
      // Elects a leader within a second, less than a lease: its default is two.
      'heartbeat-interval': 50,
      'election-timeout': 500,
      'max-request-bytes': MAX_REQUEST_BYTES,
      'max-txn-ops': 10_000,
      'quota-backend-bytes': 8 * 1024 ** 3,
      'auto-compaction-mode': 'revision',
      'auto-compaction-retention': 1000,
      // One whose files are not what the others have does not start.
      'feature-gates': 'InitialCorruptCheck=true',
      'log-level': 'warn',
    }
    const command = [...enter, binary, ...Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)]
    return new Server({ name, command, log: join(folder, `${name}.log`), ready: () => isHealthy(client) })
  }

  /** Asks any member that answers, over etcd's HTTP gateway. */
  async #ask(path: string, body: object): Promise<unknown> {
    let failure: unknown
    // It refuses to change members until it has seen the others for some seconds.
    for (let attempt = 0; attempt < 75; attempt++) {
      const url = `${this.urls[attempt % this.urls.length]}/v3/cluster/${path}`
      try {
        const options = { method: 'POST', body: JSON.stringify(body), signal: AbortSignal.timeout(3000) }
        const response = await fetch(url, options)
        if (response.ok) return await response.json()
        failure = new Error(await response.text())
      } catch (error) {
        failure = error
      }
      await new Promise(resolve => setTimeout(resolve, 200))
    }
    throw failure
  }
}

/** It answers reads that all of them agree on. */
async function isHealthy(url: string): Promise<boolean> {
  return (await fetch(`${url}/health`, { signal: AbortSignal.timeout(1000) })).ok
}
