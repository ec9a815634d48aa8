/** A storage node's share of the cluster: the partitions that the metadata gives to this node, some of which it leads. */
import type { FileSystem } from '../base/filesystem.ts'
import type { Position } from '../log/log.ts'
import type { MetadataChange } from '../metadata/metadata.ts'
import { Differing, type DigestAnswer, type DigestQuestion, type Finding } from '../replica/digest.ts'
import type { Leader } from '../replica/leader.ts'
import { NotLeading } from '../replica/pipeline.ts'
import type { Replica } from '../replica/replica.ts'
import type { Standing, Succession } from '../replica/standing.ts'
import { isDamage } from '../store/failure.ts'
import { FORMAT } from '../store/format.ts'
import { type OpenStore, Store } from '../store/store.ts'
import { Disk } from './host/disk.ts'
import { Files } from './host/files.ts'
import { Followers, GRACE, type Grace } from './host/followers.ts'
import { Hosted } from './host/hosted.ts'
import { handOverAll } from './host/leaving.ts'
import { failureOf } from './host/opening.ts'
import { COPY_RATE, Pace } from './host/pace.ts'
import type { HostedPorts } from './host/ports.ts'
import { Raising } from './host/raising.ts'
import { reportOf } from './host/reporting.ts'
import { NO_SCRUBBING, Scrubber, type Scrubbing } from './host/scrubber.ts'
import { sendSnapshot } from './host/snapshots.ts'
import { removeStrays } from './host/strays.ts'
import { holdersOf, LEADERS, PARTITIONS, type PartitionRecord, parsePartition, partitionKey } from './records.ts'
import type { ReplicaReport } from './report.ts'

export type HostPorts = Omit<HostedPorts, 'files' | 'followers' | 'disk' | 'pace' | 'complain'> & {
  /** Folder of the partition files; undefined keeps them in memory. */
  folder: string | undefined
  /** That the folder is on. */
  fileSystem?: FileSystem
  grace?: Grace
  /** Bytes a second, at most, at which other replicas' files are copied to this node. */
  copyRate?: number
  /** How replicas are compared; else they are not. */
  scrubbing?: Scrubbing
  /** The latest format of logs and files that this node reads: this version's, but for tests. */
  reads?: number
  /** The same of all nodes that live; without it, formats stay as they are. */
  formats?: () => ReadonlyMap<string, number>
  /** For how long the oldest change of a partition led here has been waiting to be published; undefined if none ever is. */
  publishLag?(partition: string): number | undefined
}

/** Changes of records that are seen to in a turn of the event loop. */
const PER_TURN = 8

export class PartitionHost {
  readonly scrubber: Scrubber
  readonly #ports: HostedPorts
  readonly #publishLag: HostPorts['publishLag']
  readonly #hosted = new Map<string, Hosted>()
  readonly #raising: Raising | undefined
  #unwatch: (() => void)[] = []
  #started = false
  #closing = false
  #taken: Promise<void> = Promise.resolve()

  constructor({
    folder,
    fileSystem,
    grace = GRACE,
    copyRate = COPY_RATE,
    scrubbing = NO_SCRUBBING,
    reads = FORMAT,
    formats,
    publishLag,
    ...ports
  }: HostPorts) {
    this.#publishLag = publishLag
    const { node, metadata, neighbours, clock, logs } = ports
    const files = new Files(folder, metadata, node, fileSystem, reads)
    const followers = new Followers({ node, neighbours, clock, logBytes: () => logs.size() }, grace)
    const disk = new Disk(folder, files.fileSystem, clock, ports.logger, {
      failed: () => void handOverAll([...this.#hosted.values()]),
      recovered: () => {
        for (const hosted of this.#hosted.values()) hosted.trigger()
      },
    })
    const pace = new Pace(clock, copyRate)
    const complain = (hosted: Hosted, failure: Error) => this.#complain(hosted, failure)
    const openOwn: OpenStore = (path, partition, tailBytes) => new Store(path, partition, tailBytes, reads)
    this.#ports = { ...ports, openStore: ports.openStore ?? openOwn, files, followers, disk, pace, complain }
    const hosted = () => this.#hosted.values()
    this.#raising = formats && new Raising({ ...ports, hosted, formats })
    const digest = (partition: string, question: DigestQuestion) => this.digest(partition, question)
    this.scrubber = new Scrubber({ ...ports, digest, hosted }, scrubbing)
  }

  /**
   * Opens all partitions of this node, and leads those that nobody else should lead.
   * Errors: OperatorError if one that only this node has can't be opened.
   */
  async start(): Promise<void> {
    const { metadata, leasing, followers } = this.#ports
    const own = await removeStrays(this.#ports)
    this.#unwatch = [
      leasing.watch(lease => this.#leaseChanged(lease !== undefined)),
      await metadata.watch(PARTITIONS, changes => this.#partitionsChanged(changes)),
      await metadata.watch(LEADERS, changes => this.#leadersChanged(changes)),
    ]
    await this.#taken
    for (const record of own) await this.#dropMissed(record)
    await Promise.all([...this.#hosted.values()].map(hosted => hosted.settled))
    for (const { id, failure, isAlone } of this.#hosted.values()) if (failure && isAlone) throw failureOf(id, failure)
    this.#started = true
    followers.start()
    this.scrubber.start()
    this.#raising?.start()
  }

  leader(partition: string): Leader | undefined {
    return this.#hosted.get(partition)?.leader
  }

  /** For reads that need not be the latest; undefined if the partition is not here, or has stopped. */
  replica(partition: string): Replica | undefined {
    const hosted = this.#hosted.get(partition)
    return hosted?.isStopped ? undefined : hosted?.replica
  }

  replicas(): Replica[] {
    return [...this.#hosted.values()].flatMap(({ replica }) => replica ?? [])
  }

  /** Partitions that a person must look after: their logs are not what they should be. */
  stopped(): { partition: string; reason: string }[] {
    return [...this.#hosted.values()]
      .filter(({ isStopped }) => isStopped)
      .map(({ id, failure }) => ({ partition: id, reason: failure!.message }))
  }

  /** The disk takes no writes just now. */
  get isDiskFailing(): boolean {
    return this.#ports.disk.isFailing
  }

  /** How many partitions are held here that no node leads, as far as is known. */
  unled(): number {
    return [...this.#hosted.values()].filter(({ isLed }) => !isLed).length
  }

  /** What other nodes ask; see replica/standing.ts. Replicas that have stopped don't count. */
  standings(partitions: string[]): Map<string, Standing> {
    return new Map(
      partitions.flatMap(id => {
        const replica = this.replica(id)
        return replica ? [[id, replica.standing] as const] : []
      }),
    )
  }

  /** What those who look after the cluster ask. */
  report(): ReplicaReport[] {
    const { files } = this.#ports
    return [...this.#hosted.values()].map(hosted => {
      const [doubt, publishLagMs] = [this.scrubber.doubt(hosted.id), this.#publishLag?.(hosted.id)]
      return reportOf(hosted, files, { doubt, publishLagMs })
    })
  }

  /** The same. Errors: that it is not here; those of the disk. */
  snapshot(partition: string): AsyncIterable<Uint8Array> {
    const replica = this.replica(partition)
    if (!replica) throw new Error(`partition ${partition} is not here`)
    return sendSnapshot(replica, this.#ports.files)
  }

  /** The same: the hash of an entry that was applied here. */
  chain(partition: string, position: Position): string | undefined {
    return this.replica(partition)?.chainAt(position)
  }

  /** The same: what some of its rows come to. Errors: that it is not here; those of the disk. */
  async digest(partition: string, question: DigestQuestion): Promise<DigestAnswer> {
    const replica = this.replica(partition)
    if (!replica || replica.closed) throw new NotLeading(`partition ${partition} is not here`)
    try {
      return await replica.digest(question)
    } catch (error) {
      if (isDamage(error)) void this.#hosted.get(partition)?.distrust(error as Error)
      throw error
    }
  }

  /** The same: its replica is not like the others. */
  async distrust(partition: string, finding: Finding): Promise<void> {
    await this.#hosted.get(partition)?.distrust(new Differing(finding))
  }

  /** The same: it is to lead the partition in a moment. Errors: NotLeading, if it can't. */
  expect(partition: string): void {
    const hosted = this.#hosted.get(partition)
    if (!hosted?.isAble || hosted.leader) throw new NotLeading(`partition ${partition} can not be led here`)
    hosted.arrival.begin(this.#ports.clock)
  }

  /** The same: leads the partition instead of another node. Errors: any, if that can't be. */
  async succeed(partition: string, succession: Succession): Promise<void> {
    const hosted = this.#hosted.get(partition)
    if (!hosted) throw new Error(`partition ${partition} is not here`)
    await hosted.succeed(succession)
  }

  /** See Handover; undefined for what is not being given away. */
  successor(partition: string): Promise<string | undefined> | undefined {
    return this.#hosted.get(partition)?.successor
  }

  /** See Arrival. */
  arrival(partition: string): Promise<void> | undefined {
    return this.#hosted.get(partition)?.arrival.over
  }

  /** Hands over what is led here, to nodes that have it too. */
  async leave(): Promise<void> {
    for (const hosted of this.#hosted.values()) hosted.leave()
    await handOverAll([...this.#hosted.values()])
  }

  async close(): Promise<void> {
    this.#closing = true
    for (const unwatch of this.#unwatch) unwatch()
    this.#ports.followers.stop()
    this.scrubber.stop()
    this.#raising?.stop()
    this.#ports.disk.stop()
    await Promise.all([...this.#hosted.values()].map(hosted => hosted.close()))
  }

  #partitionsChanged(changes: MetadataChange[]): void {
    this.#taken = this.#taken.then(() => this.#take(changes))
  }

  /** A few in a turn of the event loop, of new ones one: to adopt a schema takes milliseconds, to open a file more. Requests come between. */
  async #take(changes: MetadataChange[]): Promise<void> {
    for (const [i, { key, entry }] of changes.entries()) {
      if (this.#closing) return
      const id = key.slice(PARTITIONS.length)
      const record = entry && parsePartition(entry.value)
      const before = this.#hosted.size
      if (record && holdersOf(record).includes(this.#ports.node)) this.#assign(record)
      else if (this.#hosted.has(id)) void this.#drop(id, record === undefined)
      if (this.#hosted.size === before && i % PER_TURN > 0) continue
      await new Promise<void>(resolve => this.#ports.clock.soon(resolve))
    }
  }

  #assign(record: PartitionRecord): void {
    let hosted = this.#hosted.get(record.id)
    if (!hosted) this.#hosted.set(record.id, (hosted = new Hosted(record, this.#ports)))
    hosted.assign(record)
  }

  async #drop(id: string, isGone: boolean): Promise<void> {
    await this.#hosted.get(id)!.drop(isGone)
    this.#hosted.delete(id)
    // It may have been given to this node again meanwhile.
    const entry = await this.#ports.metadata.get(partitionKey(id)).catch(() => undefined)
    if (entry) this.#partitionsChanged([{ key: entry.key, entry }])
  }

  /** What keeps this node from starting is told by that. */
  #complain({ id, isAlone, isStopped }: Hosted, failure: Error): void {
    if (isAlone && !this.#started) return
    const { logger, disk } = this.#ports
    // The disk has said so for all of them.
    if (disk.isFailing && !isStopped) return
    const fields = { err: failure, partition: id }
    if (isStopped) logger.error(fields, 'a partition has stopped on this node')
    else logger.warn(fields, 'a partition is not served just now; it will be tried again')
  }

  /** Keys that come are looked at by those who lead, keys that go by all. */
  #leadersChanged(changes: MetadataChange[]): void {
    for (const { key, entry } of changes) {
      const hosted = this.#hosted.get(key.slice(LEADERS.length))
      if (hosted && (!entry || hosted.leader)) hosted.trigger()
    }
  }

  #leaseChanged(isHeld: boolean): void {
    for (const hosted of this.#hosted.values()) {
      if (isHeld) hosted.trigger()
      else hosted.leaseLost()
    }
  }

  /** It went between the look at the records and the watch of them, which does not tell of it. */
  async #dropMissed(record: PartitionRecord): Promise<void> {
    if (this.#hosted.has(record.id)) return
    const isGone = (await this.#ports.metadata.get(partitionKey(record.id))) === undefined
    if (this.#hosted.has(record.id)) return
    this.#hosted.set(record.id, new Hosted(record, this.#ports))
    void this.#drop(record.id, isGone)
  }
}
