/** A cluster within the test's process: storage nodes that share logs and metadata in memory, and a server before them. */
import type { ExecutionContext } from 'ava'
import type { Clock } from '../../server/base/clock.ts'
import { silent } from '../../server/base/logger.ts'
import { systemRandom } from '../../server/base/random.ts'
import { untraced } from '../../server/base/tracer.ts'
import { Catalog } from '../../server/cluster/catalog.ts'
import { Elected, LIFECYCLE_DUTY, type Work } from '../../server/cluster/elected.ts'
import type { Grace } from '../../server/cluster/host/followers.ts'
import type { Scrubbing } from '../../server/cluster/host/scrubber.ts'
import { PartitionHost } from '../../server/cluster/host.ts'
import { indexPartitions, type PartitionReader, peers, type WholeLeader } from '../../server/cluster/leaders.ts'
import { Leasing } from '../../server/cluster/leasing.ts'
import { Lifecycle } from '../../server/cluster/lifecycle.ts'
import { Membership } from '../../server/cluster/membership.ts'
import { Mover } from '../../server/cluster/moves/mover.ts'
import { overNodes } from '../../server/cluster/placement.ts'
import { LEADERS, type LeaderRecord, partitionKey } from '../../server/cluster/records.ts'
import type { Reporters } from '../../server/cluster/report.ts'
import { Router } from '../../server/cluster/router.ts'
import { Routes } from '../../server/cluster/routes.ts'
import { TokenDirectory } from '../../server/cluster/tokens.ts'
import { Coordinator } from '../../server/cluster/transactions.ts'
import type { LogStore } from '../../server/log/log.ts'
import { MemoryLogStore } from '../../server/log/memory.ts'
import { LocalMetadata } from '../../server/metadata/local/local.ts'
import type { GlobalIndexRecord, TableRecord } from '../../server/model/table.ts'
import type { Leader } from '../../server/replica/leader.ts'
import { NotLeading } from '../../server/replica/pipeline.ts'
import type { Neighbours } from '../../server/replica/standing.ts'
import { noCheckpointer, ThreadCheckpointer } from '../../server/store/checkpointer.ts'
import { clock as realClock, until } from '../unit/replica/fakes.ts'
import { Fate, FatedMetadata, fatedClock, fatedLogs, type Reach } from './faults.ts'

const WISH = { pool: 'default', replicas: 3, partitions: 2 }
const PACES = { busyMs: 50, idleMs: 200, steadyMs: 300, joinAgainMs: 1000, leadAgainMs: 500 }
const REALM = { account: '123456789012', region: 'test' }

export type NodesOptions = {
  nodes?: number
  partitionsPerTable?: number
  /** Of the nodes' files; undefined keeps them in memory. Each node has a folder in it. */
  folder?: (node: string) => string
  /** Milliseconds of a node's lease. */
  ttl?: number
  grace?: Grace
  /** How replicas are compared; else they are not. */
  scrubbing?: Scrubbing
  /** Up to which format a node reads logs and files, if not all do as this version of Tavola. */
  reads?: (node: string) => number
  /** Replicas and leaderships are moved; else they stay where they are. */
  keeping?: { repairAfterMs: number }
}

/** One storage node, from its start to its end. */
export class StorageNode {
  readonly name: string
  readonly fate = new Fate()
  readonly host: PartitionHost
  readonly clock: Clock
  readonly reads: number | undefined
  readonly #leasing: Leasing
  readonly #membership: Membership
  readonly #elected: Elected

  constructor(name: string, zone: string, nodes: Nodes) {
    const { options } = nodes
    this.name = name
    this.clock = fatedClock(realClock, this.fate)
    this.reads = options.reads?.(name)
    const { clock } = this
    const metadata = new FatedMetadata(nodes.metadata, this.fate, realClock, nodes.reach, options.ttl ?? 400)
    const logger = silent
    const find = (partition: string) => nodes.leaders.find(partition)
    this.#leasing = new Leasing(metadata, clock, logger)
    const shared = { metadata, leasing: this.#leasing, clock, logger }
    this.#membership = new Membership(shared, { node: name, zone, pool: 'default', role: 'storage' })
    const work: Work[] = [new Lifecycle(metadata, overNodes(metadata, 3, 1), clock, logger)]
    if (options.keeping) {
      const keeping = { placement: WISH, ...options.keeping, paces: PACES }
      work.push(new Mover({ ...shared, reporters: nodes.reporters }, keeping))
    }
    this.#elected = new Elected(shared, LIFECYCLE_DUTY, work)
    this.host = new PartitionHost({
      ...shared,
      node: name,
      folder: options.folder?.(name),
      logs: fatedLogs(nodes.logs, this.fate),
      checkpointer: options.folder ? nodes.checkpointer : noCheckpointer,
      indexes: indexPartitions(find),
      peers: peers(find, nodes.exists),
      neighbours: nodes.neighbours,
      tracer: untraced,
      grace: options.grace,
      copyRate: 1e12,
      scrubbing: options.scrubbing,
      reads: options.reads?.(name),
      formats: options.reads && (() => new Map([...nodes.running].map(([name, { reads }]) => [name, reads!]))),
    })
  }

  async start(): Promise<void> {
    await this.#leasing.start()
    await this.#membership.start()
    await this.host.start()
    await this.#elected.start()
  }

  /** As on SIGTERM. */
  async stop(): Promise<void> {
    this.#elected.stop()
    await this.host.leave()
    await this.host.close()
    this.#membership.stop()
    await this.#leasing.stop()
    this.fate.kill()
  }

  /** As on SIGKILL: nobody is told, and the lease runs out by itself. */
  async kill(): Promise<void> {
    this.fate.kill()
    this.#elected.stop()
    this.#membership.stop()
    // What waits for a timer of the dead process waits for ever.
    await Promise.race([this.host.close(), new Promise(resolve => setTimeout(resolve, 1000))])
  }
}

export class Nodes {
  readonly options: NodesOptions
  readonly metadata = new LocalMetadata(':memory:', systemRandom)
  logs: LogStore = new MemoryLogStore()
  readonly checkpointer = new ThreadCheckpointer()
  readonly reach: Reach = { down: false }
  /** Those that run, by name. */
  readonly running = new Map<string, StorageNode>()
  readonly catalog: Catalog
  readonly router: Router
  readonly transactions: Coordinator
  readonly #led = new Map<string, string>()
  #unwatch = () => {}

  /** Started; ends with the test. */
  static async start(t: ExecutionContext, options: NodesOptions = {}): Promise<Nodes> {
    const nodes = new Nodes(options)
    t.teardown(() => nodes.close())
    for (let i = 0; i < (options.nodes ?? 3); i++) await nodes.run(`n${i}`)
    await nodes.catalog.start()
    return nodes
  }

  private constructor(options: NodesOptions) {
    this.options = options
    const { metadata, leaders } = this
    const ports = { metadata, leaders, clock: realClock, random: systemRandom }
    const placement = overNodes(metadata, 3, options.partitionsPerTable ?? 2)
    this.catalog = new Catalog(ports, REALM, placement)
    this.router = new Router(this.catalog, leaders, realClock, 0)
    const tokens = new TokenDirectory({ ...ports, logger: silent }, REALM, placement)
    const routes = new Routes(this.catalog, leaders, realClock)
    const find = (partition: string) => leaders.find(partition)
    this.transactions = new Coordinator({ ...ports, routes, peers: peers(find, this.exists), tokens })
  }

  /** Starts a node, the first time or again; each is a zone of its own. */
  async run(name: string): Promise<StorageNode> {
    if (this.running.size === 0) this.#unwatch = await this.#watchLeaders()
    const node = new StorageNode(name, `zone of ${name}`, this)
    this.running.set(name, node)
    await node.start()
    return node
  }

  node(name: string): StorageNode {
    return this.running.get(name)!
  }

  async stop(name: string): Promise<void> {
    await this.node(name).stop()
    this.running.delete(name)
  }

  async kill(name: string): Promise<void> {
    const node = this.node(name)
    this.running.delete(name)
    await node.kill()
  }

  /** Where the partition is led, as the metadata has it. */
  leading(partition: string): StorageNode | undefined {
    return this.running.get(this.#led.get(partition) ?? '')
  }

  /** The leader itself, without a wire. */
  leader(partition: string): Leader | undefined {
    return this.leading(partition)?.host.leader(partition)
  }

  /** A table with these partitions, all of them led. */
  async table(name: string, globalIndexes: GlobalIndexRecord[] = []): Promise<TableRecord> {
    await this.catalog.create(tableRecord(name, globalIndexes))
    await until(() => this.catalog.find(name)?.status === 'ACTIVE', 30_000)
    return this.catalog.find(name)!
  }

  readonly exists = async (partition: string): Promise<boolean> =>
    (await this.metadata.get(partitionKey(partition))) !== undefined

  readonly leaders = {
    find: (partition: string): WholeLeader | undefined => {
      const node = this.leading(partition)
      return node && overWire(node, partition, () => node.host.leader(partition))
    },
  }

  /** A replica on that node, over the wire. */
  reader(name: string, partition: string): PartitionReader {
    const node = this.node(name)
    return overWire(node, partition, () => node.host.replica(partition))
  }

  readonly neighbours: Neighbours = {
    standings: (name, partitions) => this.#reach(name, ({ host }) => host.standings(partitions)),
    snapshot: (name, partition) => this.node(name).host.snapshot(partition),
    chain: (name, partition, position) => this.#reach(name, ({ host }) => host.chain(partition, position)),
    digest: (name, partition, question) => this.#reach(name, ({ host }) => host.digest(partition, question)),
    distrust: (name, partition, finding) => this.#reach(name, ({ host }) => host.distrust(partition, finding)),
    expect: (name, partition) => this.#reach(name, ({ host }) => host.expect(partition)),
    succeed: (name, partition, succession) => this.#reach(name, ({ host }) => host.succeed(partition, succession)),
  }

  readonly reporters: Reporters = { report: ({ node }) => this.#reach(node, ({ host }) => host.report()) }

  async #reach<T>(name: string, call: (node: StorageNode) => T | Promise<T>): Promise<T> {
    const node = this.running.get(name)
    if (!node) throw new Error(`${name} can not be reached`)
    return node.fate.in(() => call(node))
  }

  #watchLeaders(): Promise<() => void> {
    return this.metadata.watch(LEADERS, changes => {
      for (const { key, entry } of changes) {
        const id = key.slice(LEADERS.length)
        if (entry) this.#led.set(id, (JSON.parse(entry.value) as LeaderRecord).node)
        else this.#led.delete(id)
      }
    })
  }

  async close(): Promise<void> {
    this.#unwatch()
    this.catalog.stop()
    for (const name of [...this.running.keys()]) await this.kill(name)
    await this.checkpointer.close()
    await this.metadata.close()
  }
}

/** Calls of whatever `find` finds on the node; they wait while it is frozen, and are interrupted when it dies. */
function overWire<L extends object>(node: StorageNode, partition: string, find: () => object | undefined): L {
  const object = (path: string[]): object =>
    new Proxy(() => {}, {
      get: (_, name) => (name === 'then' ? undefined : object([...path, String(name)])),
      apply: (_, __, parameters) =>
        node.fate.in(() => {
          let target = find() as Record<string, never> | undefined
          if (!target) throw new NotLeading(`${node.name} does not have ${partition}`)
          for (const name of path.slice(0, -1)) target = target[name] as unknown as Record<string, never>
          return (target[path.at(-1)!] as unknown as (...parameters: unknown[]) => unknown).apply(target, parameters)
        }),
    })
  return object([]) as L
}

function tableRecord(name: string, globalIndexes: GlobalIndexRecord[]): TableRecord {
  const none = { read: 0, write: 0 }
  return {
    id: systemRandom.uuid(),
    name,
    status: 'CREATING',
    createdAt: Date.now(),
    attributeDefinitions: [
      { AttributeName: 'p', AttributeType: 'S' },
      { AttributeName: 's', AttributeType: 'N' },
      { AttributeName: 'owner', AttributeType: 'S' },
    ],
    keySchema: [
      { AttributeName: 'p', KeyType: 'HASH' },
      { AttributeName: 's', KeyType: 'RANGE' },
    ],
    localIndexes: [],
    globalIndexes,
    billingMode: 'PAY_PER_REQUEST',
    throughput: none,
    warmThroughput: none,
    deletionProtection: false,
    tags: [],
    partitions: [],
  }
}
