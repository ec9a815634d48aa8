/**
 * A storage node's share of the cluster: opens the partitions that the metadata gives to this node, leads them, follows
 * their records, and says so in the metadata. One task at a time per partition, so that open, adopt and drop never cross.
 */
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { OperatorError } from '../base/failure.ts'
import type { Logger } from '../base/logger.ts'
import type { Tracer } from '../base/tracer.ts'
import type { LogStore } from '../log/log.ts'
import type { Lease, Metadata, MetadataChange } from '../metadata/metadata.ts'
import type { IndexPartitions } from '../replica/feed.ts'
import type { Leader } from '../replica/leader.ts'
import type { Peers } from '../replica/peers.ts'
import { Replica } from '../replica/replica.ts'
import type { Checkpointer } from '../store/checkpointer.ts'
import { deleteStore } from '../store/store.ts'
import { type LeaderRecord, leaderKey, MADE, madeKey, PARTITIONS, type PartitionRecord } from './records.ts'

export type HostPorts = {
  node: string
  /** Folder of the partition files; undefined keeps them in memory. */
  folder: string | undefined
  logs: LogStore
  metadata: Metadata
  lease: Lease
  checkpointer: Checkpointer
  indexes: IndexPartitions
  peers: Peers
  clock: Clock
  tracer: Tracer
  logger: Logger
}

/** One of this node's partitions; `task` is what is being done with it. */
type Hosted = {
  record?: PartitionRecord
  replica?: Replica
  built: string[]
  closed: boolean
  task: Promise<void>
  build: Promise<void>
}

/** How long a partition that broke rests before it is led again. */
const REST_MS = 1000

export class PartitionHost {
  readonly #ports: HostPorts
  readonly #hosted = new Map<string, Hosted>()
  #failure: OperatorError | undefined
  #unwatch = () => {}
  #started = false
  #closed = false

  constructor(ports: HostPorts) {
    this.#ports = ports
  }

  /** Opens and leads all partitions of this node. Errors: OperatorError if one can't be opened. */
  async start(): Promise<void> {
    const records = await this.#ports.metadata.list(PARTITIONS)
    await this.#removeStrays(new Set(records.map(({ value }) => (JSON.parse(value) as PartitionRecord).id)))
    this.#unwatch = await this.#ports.metadata.watch(PARTITIONS, changes => this.#follow(changes))
    await Promise.all([...this.#hosted.values()].map(hosted => hosted.task))
    if (this.#failure) throw this.#failure
    this.#started = true
  }

  leader(partition: string): Leader | undefined {
    return this.#hosted.get(partition)?.replica?.leader
  }

  replicas(): Replica[] {
    return [...this.#hosted.values()].flatMap(({ replica }) => replica ?? [])
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#unwatch()
    await Promise.all([...this.#hosted.values()].map(hosted => hosted.task))
    await Promise.all(this.replicas().map(replica => replica.close('this node is closing')))
  }

  #follow(changes: MetadataChange[]): void {
    for (const { key, entry } of changes) {
      const id = key.slice(PARTITIONS.length)
      const record = entry && (JSON.parse(entry.value) as PartitionRecord)
      if (record?.node === this.#ports.node) this.#enqueue(id, hosted => this.#ensure(hosted, record))
      else if (this.#hosted.has(id)) this.#enqueue(id, hosted => this.#drop(id, hosted))
    }
  }

  #enqueue(id: string, work: (hosted: Hosted) => Promise<void>): void {
    let hosted = this.#hosted.get(id)
    if (!hosted)
      this.#hosted.set(id, (hosted = { built: [], closed: false, task: Promise.resolve(), build: Promise.resolve() }))
    const { task } = hosted
    hosted.task = task.then(() => (this.#closed ? undefined : work(hosted))).catch(error => this.#failed(id, error))
  }

  async #ensure(hosted: Hosted, record: PartitionRecord): Promise<void> {
    hosted.record = record
    hosted.replica ??= await this.#open(record.id)
    const leader = hosted.replica.leader ?? (await this.#lead(hosted))
    if (record.schema) await leader.adopt(record.schema)
    await this.#publish(hosted, leader)
    // Beside the tasks, for it may take long; one at a time all the same.
    hosted.build = hosted.build
      .then(() => (record.schema?.closing ? this.#close(hosted, leader) : this.#build(hosted, leader)))
      .catch(error => this.#buildFailed(record.id, error))
  }

  /** A new partition begins empty; one that was made before must still be there, in its file or from its log's beginning. */
  async #open(id: string): Promise<Replica> {
    const { metadata, folder, logs } = this.#ports
    const path = this.#path(id)
    const made = await metadata.get(madeKey(id))
    const isMissing = folder !== undefined && made !== undefined && !existsSync(path)
    if (isMissing && (await logs.open(id, 0)).end() === 0) {
      throw new OperatorError(`The partition file ${path} is missing. Restore the data folder from a backup.`)
    }
    const replica = await Replica.open(id, path, this.#ports)
    if (!made && folder !== undefined) {
      await metadata.commit({ guards: [{ key: madeKey(id), version: 0 }], puts: [{ key: madeKey(id), value: '{}' }] })
    }
    return replica
  }

  async #lead(hosted: Hosted): Promise<Leader> {
    const { partition } = hosted.replica!
    const leader = await hosted.replica!.lead(error => this.#broke(partition, error))
    hosted.built = []
    hosted.closed = false
    return leader
  }

  async #build(hosted: Hosted, leader: Leader): Promise<void> {
    const built = await leader.build()
    if (built.every(index => hosted.built.includes(index)) || hosted.replica?.leader !== leader) return
    hosted.built = built
    await this.#publish(hosted, leader)
  }

  async #close(hosted: Hosted, leader: Leader): Promise<void> {
    await leader.transactions.settled()
    if (hosted.closed || hosted.replica?.leader !== leader) return
    hosted.closed = true
    await this.#publish(hosted, leader)
  }

  /** Its leader stepped down meanwhile, as a rule: the next one goes on. */
  #buildFailed(partition: string, error: Error): void {
    if (!this.#closed)
      this.#ports.logger.warn({ err: error, partition }, 'building a global index, or closing, was interrupted')
  }

  /** The key is guarded by its version: were there another leader, this one would learn it here. */
  async #publish(hosted: Hosted, leader: Leader): Promise<void> {
    const { metadata, node, lease } = this.#ports
    const key = leaderKey(leader.partition)
    while (hosted.replica?.leader === leader) {
      const current = await metadata.get(key)
      const { epoch, schemaVersion } = leader
      const { built, closed } = hosted
      const record: LeaderRecord = { node, epoch, schemaVersion, built, closed }
      const put = { key, value: JSON.stringify(record), lease }
      if (await metadata.commit({ guards: [{ key, version: current?.version ?? 0 }], puts: [put] })) return
    }
  }

  async #drop(id: string, hosted: Hosted): Promise<void> {
    const { metadata } = this.#ports
    await hosted.replica?.drop()
    this.#hosted.delete(id)
    const key = leaderKey(id)
    const current = await metadata.get(key)
    const guards = current ? [{ key, version: current.version }] : []
    await metadata.commit({ guards, deletes: [...guards.map(guard => guard.key), madeKey(id)] })
  }

  /** A leader that could not append, or apply, has stepped down. What the log holds decides how it goes on. */
  #broke(partition: string, error: Error): void {
    this.#ports.logger.error({ err: error, partition }, 'a partition has stopped; it will be led again from its log')
    this.#ports.clock.after(REST_MS, () => {
      const record = this.#hosted.get(partition)?.record
      if (record && !this.#closed) this.#enqueue(partition, hosted => this.#ensure(hosted, record))
    })
  }

  /** A partition that can't be opened stays shut, and says so; the others go on. At start it keeps the process from serving. */
  #failed(partition: string, error: Error): void {
    if (this.#closed) return
    this.#failure ??=
      error instanceof OperatorError
        ? error
        : new OperatorError(`Partition ${partition} cannot be opened: ${error.message}.`)
    if (this.#started || error !== this.#failure)
      this.#ports.logger.error({ err: error, partition }, 'a partition cannot be led')
  }

  #path(partition: string): string {
    return this.#ports.folder === undefined ? ':memory:' : join(this.#ports.folder, `${partition}.db`)
  }

  /** Files and logs of partitions that were dropped while this node was away, or as it died. */
  async #removeStrays(known: Set<string>): Promise<void> {
    const { folder, logs, metadata } = this.#ports
    for (const partition of logs.partitions()) if (!known.has(partition)) await logs.drop(partition)
    const marks = (await metadata.list(MADE)).map(({ key }) => key).filter(key => !known.has(key.slice(MADE.length)))
    if (marks.length > 0) await metadata.commit({ guards: [], deletes: marks })
    if (folder === undefined) return
    const files = await readdir(folder)
    for (const file of files) {
      const partition = /^([0-9a-f-]{36})\.db$/.exec(file)?.[1]
      if (partition && !known.has(partition)) deleteStore(join(folder, file))
    }
  }
}
