/** A storage node's share of the cluster: the partitions that the metadata gives to this node, some of which it leads. */
import type { FileSystem } from '../base/filesystem.ts'
import type { Position } from '../log/log.ts'
import type { MetadataChange, MetadataEntry } from '../metadata/metadata.ts'
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
import type { Hosted } from './host/hosted.ts'
import { handOverAll } from './host/leaving.ts'
import { failureOf } from './host/opening.ts'
import { COPY_RATE, Pace } from './host/pace.ts'
import type { HostedPorts } from './host/ports.ts'
import { Raising } from './host/raising.ts'
import { reportOf } from './host/reporting.ts'
import { Roster } from './host/roster.ts'
import { NO_SCRUBBING, Scrubber, type Scrubbing } from './host/scrubber.ts'
import { sendSnapshot } from './host/snapshots.ts'
import { removeStrays } from './host/strays.ts'
import { LEADERS, type LeaderRecord, PARTITIONS } from './records.ts'
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

export class PartitionHost {
  readonly scrubber: Scrubber
  readonly #ports: HostedPorts
  readonly #publishLag: HostPorts['publishLag']
  readonly #hosted: Roster
  readonly #raising: Raising | undefined
  #unwatch: (() => void)[] = []
  #started = false

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
      failed: () => void handOverAll([...this.#hosted]),
      recovered: () => {
        for (const hosted of this.#hosted) hosted.trigger()
      },
    })
    const pace = new Pace(clock, copyRate)
    const complain = (hosted: Hosted, failure: Error) => this.#complain(hosted, failure)
    const openOwn: OpenStore = (path, partition, tailBytes) => new Store(path, partition, tailBytes, reads)
    this.#ports = { ...ports, openStore: ports.openStore ?? openOwn, files, followers, disk, pace, complain }
    this.#hosted = new Roster(this.#ports)
    const hosted = () => this.#hosted
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
    // Leaders first: a partition asks who leads it when it is opened, and then waits to be told.
    this.#unwatch = [
      leasing.watch(lease => this.#leaseChanged(lease !== undefined)),
      await metadata.watch(LEADERS, changes => this.#leadersChanged(changes)),
      await metadata.watch(PARTITIONS, changes => this.#hosted.changed(changes)),
    ]
    await this.#hosted.taken()
    for (const record of own) await this.#hosted.dropMissed(record)
    await Promise.all([...this.#hosted].map(hosted => hosted.settled))
    for (const { id, failure, isAlone } of this.#hosted) if (failure && isAlone) throw failureOf(id, failure)
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
    return [...this.#hosted].flatMap(({ replica }) => replica ?? [])
  }

  /** Partitions that a person must look after: their logs are not what they should be. */
  stopped(): { partition: string; reason: string }[] {
    return [...this.#hosted]
      .filter(({ isStopped }) => isStopped)
      .map(({ id, failure }) => ({ partition: id, reason: failure!.message }))
  }

  /** The disk takes no writes just now. */
  get isDiskFailing(): boolean {
    return this.#ports.disk.isFailing
  }

  /** How many partitions are held here that no node leads, as far as is known. */
  unled(): number {
    return [...this.#hosted].filter(({ isLed }) => !isLed).length
  }

  /** What other nodes ask; see replica/standing.ts. */
  standings(partitions: string[]): Map<string, Standing> {
    return new Map(
      partitions.flatMap(id => {
        const { replica, isStopped } = this.#hosted.get(id) ?? {}
        return replica ? [[id, { ...replica.standing, ...(isStopped && { isStopped }) }] as const] : []
      }),
    )
  }

  /** What those who look after the cluster ask. */
  report(): ReplicaReport[] {
    const { files } = this.#ports
    return [...this.#hosted].map(hosted => {
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
    for (const hosted of this.#hosted) hosted.leave()
    await handOverAll([...this.#hosted])
  }

  async close(): Promise<void> {
    for (const unwatch of this.#unwatch) unwatch()
    this.#ports.followers.stop()
    this.scrubber.stop()
    this.#raising?.stop()
    this.#ports.disk.stop()
    await this.#hosted.close()
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

  /** Keys that come are looked at by those who lead, and those whose they are, who may not expect them any more; keys that go by all. */
  #leadersChanged(changes: MetadataChange[]): void {
    for (const { key, entry } of changes) {
      const hosted = this.#hosted.get(key.slice(LEADERS.length))
      if (hosted && (!entry || hosted.leader || isLedBy(entry, this.#ports.node))) hosted.trigger()
    }
  }

  #leaseChanged(isHeld: boolean): void {
    for (const hosted of this.#hosted) {
      if (isHeld) hosted.trigger()
      else hosted.leaseLost()
    }
  }
}

function isLedBy({ value }: MetadataEntry, node: string): boolean {
  return (JSON.parse(value) as LeaderRecord).node === node
}
