/** The whole cluster in one thread: processes, what they share, the ways between them, and a hand for whoever makes trouble. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Cuts } from '../../server/cluster/growth/resharding.ts'
import type { Grace } from '../../server/cluster/host/followers.ts'
import { drainKey, nodeKey, PARTITIONS, parsePartition } from '../../server/cluster/records.ts'
import type { TableRecord } from '../../server/model/table.ts'
import type { Replica } from '../../server/replica/replica.ts'
import { type Random, randomOf } from '../campaigns/random.ts'
import { type DiskFate, NodeDisk } from './ground/disk.ts'
import { LogGround } from './ground/logs.ts'
import { MetadataGround } from './ground/metadata.ts'
import { Network, type Pace } from './ground/network.ts'
import { Process } from './ground/process.ts'
import { VirtualTime } from './ground/time.ts'

export type { Json } from './roles/server.ts'

import type { State } from './coverage.ts'
import { type Json, type ServerRole, startServer } from './roles/server.ts'
import { type StorageRole, startStorage } from './roles/storage.ts'
import { Trace } from './trace.ts'

export type WorldOptions = {
  seed: number
  nodes: number
  servers: number
  partitions: number
  replicas: number
  /** Of the log: appends at once. */
  depth: number
  leaseMs: number
  sweepMs: number
  grace: Grace
  repairAfterMs: number
  pace: Pace
  /** Milliseconds of one way to what all share, if that is another matter than most messages. */
  ways?: { metadata: number; log: number }
  /** Milliseconds that the nodes' wall clocks are apart, at most. */
  skew: number
  /** Milliseconds that some of the ways between servers and nodes take more. */
  uneven?: number
  loud?: boolean
}

/** What calls under way mean for a node. */
const STATE_OF: Record<string, State | undefined> = {
  check: 'check',
  prepare: 'prepare',
  commit: 'commit',
  resolve: 'resolve',
  outcome: 'outcome',
  write: 'write',
  range: 'range',
  feed: 'feed',
  'snapshot.open': 'snapshot',
  'snapshot.next': 'snapshot',
}

/** How long a client waits for an answer. */
const CLIENT_MS = 30_000
/** After a process has ended by itself. */
const AGAIN_MS = 500

/** Nobody knows what has become of the request. */
export class CutOff extends Error {
  override name = 'CutOff'
}

export class World {
  readonly options: WorldOptions
  readonly time = new VirtualTime()
  readonly trace: Trace
  readonly network: Network
  readonly metadata: MetadataGround
  readonly logs = new LogGround()
  readonly nodes = new Map<string, StorageRole>()
  readonly servers = new Map<string, ServerRole>()
  /** Names of the methods that are being asked, by address. */
  readonly asked = new Map<string, string[]>()
  readonly #disks = new Map<string, NodeDisk>()
  readonly #folder: string
  readonly #skews = new Map<string, number>()
  #births = 0
  /** What no process should ever do. */
  readonly defects: string[] = []

  constructor(options: WorldOptions, folder: string) {
    this.options = options
    this.#folder = folder
    this.trace = new Trace(this.time)
    this.network = new Network(this.time, this.random(1), options.pace)
    this.metadata = new MetadataGround(this.time, () => this.time.now, this.random(2))
    for (let i = 0; i < options.nodes; i++)
      this.#skews.set(`n${i}`, (this.random(100 + i).next() * 2 - 1) * options.skew)
    this.#slowWays()
  }

  #slowWays(): void {
    const { nodes, servers, uneven = 0 } = this.options
    const choices = this.random(3)
    for (let node = 0; node < nodes; node++)
      for (let server = 0; server < servers; server++)
        if (choices.chance(0.5)) this.network.slow(`n${node}`, `s${server}`, uneven)
  }

  random(number: number): Random {
    return randomOf(this.options.seed, number)
  }

  disk(node: string): NodeDisk {
    let disk = this.#disks.get(node)
    if (!disk) {
      disk = new NodeDisk(join(this.#folder, node), this.random(200 + this.#disks.size))
      this.#disks.set(node, disk)
    }
    return disk
  }

  startNode(name: string): void {
    if (this.nodes.has(name)) return
    const process = this.#born(name)
    const role = startStorage(process, this)
    this.nodes.set(name, role)
    role.started.catch(error => this.#endedItself(name, process, error, () => this.startNode(name)))
  }

  startServer(name: string): void {
    if (this.servers.has(name)) return
    const process = this.#born(name)
    const role = startServer(process, this)
    this.servers.set(name, role)
    role.started.catch(error => this.#endedItself(name, process, error, () => this.startServer(name)))
  }

  /** `tells`: its machine goes on, so that others hear of it at once. */
  killNode(name: string, fate: DiskFate, tells = fate === 'end of the process'): void {
    const role = this.nodes.get(name)
    if (!role) return
    this.nodes.delete(name)
    role.process.kill()
    this.disk(name).crash(fate)
    this.network.reset(name, undefined, tells)
  }

  killServer(name: string): void {
    const role = this.servers.get(name)
    if (!role) return
    this.servers.delete(name)
    role.process.kill()
    this.network.reset(name)
  }

  /** Resolves when it has ended. */
  async stopNode(name: string): Promise<void> {
    const role = this.nodes.get(name)
    if (!role) return
    await role.stop().catch(() => {})
    if (this.nodes.get(name) === role) this.killNode(name, 'end of the process')
  }

  process(name: string): Process | undefined {
    return (this.nodes.get(name) ?? this.servers.get(name))?.process
  }

  /** A client's request to one of the servers. Errors: those of the server; CutOff. */
  ask(server: string, operation: string, input: object): Promise<Json> {
    return new Promise((resolve, reject) => {
      const cutOff = () => reject(new CutOff(`${operation} has no answer`))
      this.time.after(CLIENT_MS, cutOff)
      const { network } = this
      network.deliver('client', server, network.delay(), () => {
        const role = this.servers.get(server)
        if (!role?.isUp()) return this.time.after(network.delay(), cutOff)
        const back = (task: () => void) => network.deliver(server, 'client', network.delay(), task)
        role.process.event(() => {
          role.request(operation, JSON.parse(JSON.stringify(input))).then(
            answer => back(() => resolve(answer)),
            error => back(() => reject(error)),
          )
        })
      })
    })
  }

  /** The node's lease is renewed no more. */
  doomLease(node: string): void {
    const entry = this.metadata.entries.get(nodeKey(node))
    if (entry) this.metadata.doomKey(entry.key)
  }

  /** Some server begins to split, or merge, partitions of the table; if there is none, nothing happens. */
  reshard(table: string, choose: (table: TableRecord) => Cuts | undefined): void {
    const [server] = [...this.servers.values()].filter(({ process, isUp }) => isUp() && !process.isFrozen)
    server?.process.event(() => void server.reshard(table, choose).catch(() => {}))
  }

  /** The node is to hold nothing; or it may again. */
  drain(node: string, isDrained: boolean): void {
    const key = drainKey(node)
    if (!isDrained) this.metadata.commit({ guards: [], deletes: [key] })
    else this.metadata.commit({ guards: [], puts: [{ key, value: JSON.stringify({ since: 0 }) }] })
  }

  /** One of the logs, chosen by `number`, loses its last `count` entries, though they were acknowledged. */
  loseEntries(number: number, count: number): void {
    const logs = [...this.logs.logs.values()]
    const log = logs[number % logs.length]
    log?.lose(Math.max(log.first - 1, log.end - count))
  }

  /** Has the node (or `all`) hand what is applied to the file system. */
  settle(node: string): void {
    this.#eachReplica(node, replica => {
      try {
        replica.settle()
      } catch {
        // The disk is full: its leader has stepped down.
      }
    })
  }

  checkpoint(node: string): void {
    this.#eachReplica(node, replica => void replica.checkpoint().catch(() => {}))
  }

  #eachReplica(node: string, each: (replica: Replica) => void): void {
    for (const [name, { host, process }] of this.nodes) {
      if (node !== 'all' && name !== node) continue
      process.event(() => {
        for (const replica of host.replicas()) if (!replica.closed) each(replica)
      })
    }
  }

  /** What the node is doing, or all of them. */
  statesOf(node: string | undefined): State[] {
    const states = new Set<State>()
    for (const [name, role] of this.nodes) {
      if (node !== undefined && name !== node && this.nodes.has(node)) continue
      for (const state of this.#statesOf(name, role)) states.add(state)
    }
    return [...states]
  }

  *#statesOf(name: string, { host, isLeaving, isUp }: StorageRole): Iterable<State> {
    if (!isUp()) yield 'opening'
    if (isLeaving()) yield 'leaving'
    if (this.disk(name).isFull) yield 'disk full'
    if (this.disk(name).isWorking) yield 'checkpoint'
    if (this.network.isCutOff(name)) yield 'cut off'
    for (const method of this.asked.get(`sim://${name}`) ?? []) {
      const state = STATE_OF[method]
      if (state) yield state
    }
    for (const { leader } of host.replicas()) {
      yield leader ? 'leading' : 'following'
      if (leader && leader.waitingBytes > 0) yield 'appending'
    }
    for (const { value } of this.metadata.list('tables/')) {
      const { globalIndexes, resharding } = JSON.parse(value) as TableRecord
      if (globalIndexes.some(({ backfilling }) => backfilling)) yield 'backfilling'
      if (resharding) yield resharding.phase
    }
    for (const { value } of this.metadata.list(PARTITIONS)) if (parsePartition(value).move) yield 'moving'
    if (this.disk(name).holdsPrepared()) yield 'prepared'
  }

  close(): void {
    for (const name of [...this.nodes.keys()]) this.killNode(name, 'end of the process')
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #born(name: string): Process {
    const skew = this.#skews.get(name) ?? 0
    return new Process(name, this.time, this.random(1000 + this.#births++), skew)
  }

  #endedItself(name: string, process: Process, error: Error, again: () => void): void {
    if (process.isDead) return
    this.trace.note(`${name} ends by itself: ${error.message}`)
    this.killNode(name, 'end of the process')
    this.killServer(name)
    this.time.after(AGAIN_MS, again)
  }
}
