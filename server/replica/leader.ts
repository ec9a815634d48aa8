/** A partition's leader: the one place where its rows change, and where strongly consistent reads come from. */
import { type Clock, sleep } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Tracer } from '../base/tracer.ts'
import type { PartitionLog, Position } from '../log/log.ts'
import type { Lease } from '../metadata/metadata.ts'
import type { RangeRequest, WriteCommand, WriteOutcome } from '../partition/command.ts'
import { localIndexNumber, type PartitionSchema } from '../partition/schema.ts'
import type { Image, Page } from '../store/rows.ts'
import type { Store } from '../store/store.ts'
import type { Applier } from './applier.ts'
import { Batches } from './batches.ts'
import { type BuildingPorts, build } from './building.ts'
import { Changes } from './changes.ts'
import { Expiries } from './expiries.ts'
import type { FeedRow, IndexPartitions } from './feed.ts'
import { Feeders } from './feeders.ts'
import { Heat } from './heat.ts'
import { History } from './history.ts'
import { Intakes } from './intake.ts'
import { Locks } from './locks.ts'
import type { Peers } from './peers.ts'
import { NotLeading, Pipeline } from './pipeline.ts'
import { type HandedOver, handedOver, type SealingPorts, seal } from './sealing.ts'
import { checkServing } from './serving.ts'
import { type PartitionStatistics, statisticsOf } from './statistics.ts'
import { Tenure } from './tenure.ts'
import { Transactions } from './transactions.ts'
import { Writes } from './writes.ts'

export type LeaderPorts = {
  store: Store
  log: PartitionLog
  applier: Applier
  /** Which the partition's leader key is bound to. */
  lease: Pick<Lease, 'validUntil'>
  indexes: IndexPartitions
  peers: Peers
  clock: Clock
  tracer: Tracer
  logger: Logger
}

const ROOM_CHECK_MS = 5
/** How long a read waits for a transaction that holds its item. */
const READ_PATIENCE_MS = 5000

/** The same for who copies the partition. */
const SETTLE_PATIENCE_MS = 30_000

export class Leader {
  readonly partition: string
  readonly epoch: number
  readonly history: History
  readonly transactions: Transactions
  readonly changes: Changes
  readonly expiries: Expiries
  readonly #ports: LeaderPorts
  readonly #pipeline: Pipeline
  readonly #tenure: Tenure
  readonly #batches: Batches
  readonly #locks: Locks
  readonly #writes: Writes
  readonly #feeders: Feeders
  readonly #intakes: Intakes
  readonly #heat = new Heat()
  readonly #building: BuildingPorts
  readonly #sealing: SealingPorts
  #stopped = false

  /** Fences whoever led before and takes over. `broke` is called if this leader can't go on. */
  static async begin(
    partition: string,
    node: string,
    ports: LeaderPorts,
    broke: (error: Error) => void,
  ): Promise<Leader> {
    const leader = new Leader(partition, ports, broke)
    await leader.#pipeline.propose({ kind: 'epoch', node })
    leader.transactions.load()
    if (ports.applier.schema) leader.#feeders.follow(ports.applier.schema, ports.applier.state.position, false)
    return leader
  }

  private constructor(partition: string, ports: LeaderPorts, broke: (error: Error) => void) {
    const { store, log, applier, lease, indexes, peers, clock, tracer, logger } = ports
    this.partition = partition
    this.#ports = ports
    this.#tenure = new Tenure(lease, clock)
    this.epoch = applier.state.epoch + 1
    this.#pipeline = new Pipeline(log, applier, this.epoch, {
      applied: (position, entry) => {
        if (entry.kind === 'schema') this.#feeders.follow(entry.schema, position, true)
        this.#feeders.push(position, entry)
        this.transactions.applied(entry)
        this.changes.applied()
        this.#batches.goOn()
      },
      broke: error => {
        this.stop(error.message)
        broke(error)
      },
    })
    this.#feeders = new Feeders({ log, indexes, clock, logger, reads: store.reads }, partition)
    const sealed = () => this.#batches.isSealed
    this.#intakes = new Intakes({ reader: store.reader, applier, pipeline: this.#pipeline, sealed })
    this.#batches = new Batches(store.reader, this.#pipeline, clock, this.#tenure, applier.schema)
    this.#locks = new Locks(clock)
    this.#writes = new Writes(this.#batches, this.#locks, tracer)
    this.changes = new Changes(store, applier, this.#pipeline, this.#tenure, clock, this.#batches.origins)
    const { epoch } = this
    const own = { batches: this.#batches, locks: this.#locks, tenure: this.#tenure, room: () => this.#room() }
    const shared = { store, applier, clock, ...own }
    this.transactions = new Transactions({ partition, epoch, peers, logger, ...shared })
    this.expiries = new Expiries({ ...shared, pipeline: this.#pipeline, stopped: () => this.#stopped })
    const { expiries } = this
    const [pipeline, feeders, intakes] = [this.#pipeline, this.#feeders, this.#intakes]
    const stopped = () => this.#stopped
    this.#building = { ...shared, reader: store.reader, pipeline, feeders, intakes, expiries, stopped }
    this.#sealing = { ...shared, reader: store.reader, feeders }
    this.history = new History({ reader: store.reader, log, applier, clock, drained: () => this.#drained() })
  }

  /** UUID of the table whose rows these are; undefined for a partition of an index, or of nothing yet. */
  get table(): string | undefined {
    const { table, index } = this.#ports.applier.schema ?? {}
    return index ? undefined : table?.tableId
  }

  get schemaVersion(): number {
    return this.#ports.applier.schema?.version ?? 0
  }

  /** Of the log, and of all replicas' files; see store/format.ts. */
  get format(): number {
    return this.#ports.store.reader.format()
  }

  /** From now on they are of this one, which all nodes can read. Errors: NotLeading. */
  async raiseFormat(format: number): Promise<void> {
    await this.#pipeline.propose({ kind: 'format', format })
  }

  /** False once it has stepped down. */
  get leads(): boolean {
    return !this.#stopped
  }

  /** An item that a transaction holds is waited for: what is read comes before it, or after it everywhere. Errors: NotLeading (INV-R7). */
  get(key: Buffer): Image | undefined | Promise<Image | undefined> {
    this.#heat.count(key)
    if (this.#locks.size > 0 && this.#locks.holder(key)) return this.#getFree(key)
    return this.#read(key)
  }

  async #getFree(key: Buffer): Promise<Image | undefined> {
    const isFree = await this.#locks.free(key, READ_PATIENCE_MS)
    if (!isFree || this.#stopped) throw new NotLeading('a transaction holds the item, and its outcome is not known')
    return this.#read(key)
  }

  #read(key: Buffer): Image | undefined {
    this.#tenure.check()
    checkServing(this.#ports.applier.schema)
    const reading = this.#ports.tracer.current()?.child('read')
    const image = this.#ports.store.reader.get(key)
    reading?.end()
    return image
  }

  /** Errors: NotLeading (INV-R7). */
  range({ index, ...range }: RangeRequest): Page {
    this.#heat.count(range.from)
    this.#tenure.check()
    checkServing(this.#ports.applier.schema)
    const table = index === undefined ? undefined : localIndexNumber(this.#ports.applier.schema!.table, index)
    const reading = this.#ports.tracer.current()?.child('read')
    const page = this.#ports.store.reader.range(table, range)
    reading?.end()
    return page
  }

  /** Errors: DynamoError; NotLeading. */
  write(command: WriteCommand): Promise<WriteOutcome> {
    this.#heat.count(command.key)
    return this.#feeders.hasRoom() ? this.#writes.write(command) : this.#writeLater(command)
  }

  async #writeLater(command: WriteCommand): Promise<WriteOutcome> {
    await this.#room()
    if (this.#stopped) throw new NotLeading('the leader has stepped down')
    return this.#writes.write(command)
  }

  /** On an index's partition: see intake.ts. */
  feed(source: string, position: Position, rows: FeedRow[]): Promise<void> {
    for (const { key } of rows) this.#heat.count(key)
    return this.#intakes.feed(source, position, rows)
  }

  consumed(source: string): Position {
    return this.#intakes.consumed(source)
  }

  /** Resolves once the index's partitions have the rows of all that is applied here; undefined if they have them by now. */
  fed(index: string): Promise<unknown> | undefined {
    return this.#feeders.reached(index, this.#ports.applier.state.position)
  }

  /** Bytes of writes that are not in the log yet. */
  get waitingBytes(): number {
    return this.#batches.waitingBytes
  }

  /** How many entries the furthest behind of the index's partitions has yet to take in. */
  feedLag(index: string): number {
    return this.#feeders.lag(index)
  }

  statistics(): PartitionStatistics {
    return statisticsOf(this.#ports.applier, this.#ports.store, this.#heat, this.leads)
  }

  /** Makes a newer schema the partition's; resolves once it is applied. Errors: NotLeading, also as `seal`'s. */
  async adopt(schema: PartitionSchema): Promise<void> {
    if (schema.version <= this.schemaVersion) return
    const isSealed = this.#ports.applier.schema?.sealed
    await (schema.sealed && !isSealed ? seal(schema, this.#sealing) : this.#batches.adopt(schema))
  }

  /** Builds what the schema asks for. Resolves with the ids of what is built, when all of their rows are where they go. */
  build(): Promise<string[]> {
    return build(this.#building)
  }

  /** Of a partition that is sealed: resolves when all it had is where it goes. */
  handedOver(): Promise<HandedOver> {
    return handedOver(this.#sealing)
  }

  /** Stops applying until `release`; reads go on. */
  hold(): () => void {
    return this.#pipeline.hold()
  }

  /** Entries up to here are needed by no index partition, no backup and no archive. */
  acknowledged(): Position {
    return Math.min(this.#feeders.acknowledged(), this.history.released())
  }

  /** The store has lost what was applied: the next leader has it from the log. */
  break(error: Error): void {
    this.#pipeline.break(error)
  }

  /**
   * Takes no changes any more, and refuses those that the log does not have yet, for the next leader to take; resolves when those
   * on their way are applied. Reads go on until `stop`. Errors: NotLeading.
   */
  async retire(): Promise<void> {
    this.#batches.close()
    await this.#batches.drained()
    await this.#pipeline.retire()
  }

  stop(reason: string): void {
    this.#stopped = true
    this.#tenure.end()
    this.#feeders.stop()
    this.#pipeline.stop(reason)
    // What waited behind entries of other kinds would wait for ever.
    this.#batches.proposeAll()
    this.transactions.stop()
  }

  /** Resolves once all that is evaluated, or held, so far is applied. Errors: NotLeading. */
  async #drained(): Promise<void> {
    await this.#batches.drained()
    if (this.#locks.size > 0 && !(await this.#locks.settled(SETTLE_PATIENCE_MS)))
      throw new NotLeading('a transaction holds items, and its outcome is not known')
    this.#tenure.check()
  }

  /** Undefined if there is room now. */
  #room(): Promise<void> | undefined {
    return this.#feeders.hasRoom() ? undefined : this.#untilRoom()
  }

  async #untilRoom(): Promise<void> {
    while (!this.#feeders.hasRoom() && !this.#stopped) await sleep(this.#ports.clock, ROOM_CHECK_MS)
  }
}
