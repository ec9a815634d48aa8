import type { PartitionLog, Position } from '../log/log.ts'
import type { Lease } from '../metadata/metadata.ts'
import type { RangeRequest } from '../partition/command.ts'
import { localIndexNumber } from '../partition/schema.ts'
import type { Image, Page } from '../store/rows.ts'
import { openStore, type Store } from '../store/store.ts'
import { bequestOf, checkAgreement, comesTo, hashAt, inherit, mend, replay } from './agreement.ts'
import { Applier } from './applier.ts'
import { type DigestAnswer, type DigestQuestion, digestAt } from './digest.ts'
import { Following } from './following.ts'
import { Leader } from './leader.ts'
import { NotLeading } from './pipeline.ts'
import type { ReplicaOptions, ReplicaPorts } from './ports.ts'
import { Saving } from './saving.ts'
import { checkServing } from './serving.ts'
import type { AppliedEnd, Standing, Succession, ToldEntry } from './standing.ts'

export class Replica {
  readonly partition: string
  readonly saving: Saving
  readonly #store: Store
  readonly #log: PartitionLog
  readonly #applier: Applier
  readonly #ports: ReplicaPorts
  readonly #followers: () => Position
  #leader: Leader | undefined
  #following: Following | undefined
  /** The log's end is applied, as far as this replica has learnt it. */
  #isPrepared = false
  #checkpointing: Promise<void> | undefined
  #closed = false
  /** How often what was applied went back to what the file holds. */
  #losses = 0
  /** The furthest entry that a reader may have seen. */
  #seen: Position = 0

  /** Errors: Behind; OperatorError when the file or the log is not what it should be; LogUnavailable. */
  static async open(
    partition: string,
    path: string,
    ports: ReplicaPorts,
    { tailBytes = 0, followers = () => Number.POSITIVE_INFINITY }: ReplicaOptions = {},
  ): Promise<Replica> {
    const store = (ports.openStore ?? openStore)(path, partition, tailBytes)
    try {
      const applier = new Applier(store)
      const log = await ports.logs.open(partition, applier.state.position)
      await checkAgreement(store, log, applier)
      await replay(store, log, applier)
      return new Replica(partition, store, log, applier, ports, followers)
    } catch (error) {
      store.close()
      throw error
    }
  }

  private constructor(
    partition: string,
    store: Store,
    log: PartitionLog,
    applier: Applier,
    ports: ReplicaPorts,
    followers: () => Position,
  ) {
    this.partition = partition
    this.saving = new Saving(store, applier, ports.checkpointer, ports.clock, log.start() - 1)
    this.#store = store
    this.#log = log
    this.#applier = applier
    this.#ports = ports
    this.#followers = followers
  }

  /** Its file is closed: there is nothing left to do with it. */
  get closed(): boolean {
    return this.#closed
  }

  get leader(): Leader | undefined {
    return this.#leader
  }

  get standing(): Standing {
    return { applied: this.#applier.state.position, durable: this.saving.durable }
  }

  /** For the one that leads next, once this one has stepped down. */
  bequest(): Pick<Succession, 'applied' | 'entries'> {
    return bequestOf(this.#store, this.#applier)
  }

  /** The hash of an entry that was applied here; undefined if it is too old to be known. */
  chainAt(position: Position): string | undefined {
    return hashAt(position, this.#store, this.#applier)
  }

  /** See digest.ts. */
  digest(question: DigestQuestion): Promise<DigestAnswer> {
    return digestAt(question, this.#store, this.#applier, this.#ports.clock)
  }

  /** Entries that are known to be in the log and not applied yet. */
  get lag(): number {
    return Math.max(0, this.#log.end() - this.#applier.state.position)
  }

  /**
   * Follows the log from now on; a leader steps down. `broke` is called if it can't go on: with Behind, InvariantViolation,
   * OperatorError, or what the disk says.
   */
  follow(reason: string, broke: (error: Error) => void): void {
    this.stepDown(reason)
    this.#isPrepared = false
    if (this.#following) return
    const { clock, logger } = this.#ports
    const own = { partition: this.partition, store: this.#store, log: this.#log, applier: this.#applier }
    this.#following = new Following({ ...own, clock, logger }, error => {
      this.#following = undefined
      broke(error)
    })
  }

  /** A leader leads no more; nothing is followed for that. */
  stepDown(reason: string): void {
    this.#leader?.stop(reason)
    this.#leader = undefined
  }

  /**
   * Learns the log's true end, and applies it; what the log has lost of what is applied here is put back (INV-R8).
   * `known`: what the one that led last had applied, and the last of it: what is applied here need only come to the same.
   * Errors: Behind; OperatorError, if the log is not the one that was applied; LogUnavailable, PositionConflict.
   */
  async prepare(known?: AppliedEnd, told: ToldEntry[] = []): Promise<void> {
    await this.#following?.stop()
    this.#following = undefined
    if (!known || !inherit(known, told, this.#log, this.#applier)) {
      await this.#log.refresh()
      if (!known || !(await comesTo(known, this.#store, this.#log, this.#applier))) await this.#catchUp()
    }
    this.#isPrepared = true
  }

  async #catchUp(): Promise<void> {
    await checkAgreement(this.#store, this.#log, this.#applier)
    const mended = await mend(this.#store, this.#log, this.#applier)
    if (mended > 0)
      this.#ports.logger.error(
        { partition: this.partition, entries: mended },
        'the log had lost entries; they were put back',
      )
    await replay(this.#store, this.#log, this.#applier)
  }

  /**
   * Begins to lead, from the log's end: `prepare` comes first, if it did not. The caller holds the partition's leader key, bound
   * to `lease`, or does so once `held` resolves.
   * Errors: as `prepare`; those of `held`; NotLeading, when another leader came between.
   */
  async lead(
    lease: Pick<Lease, 'validUntil'>,
    broke: (error: Error) => void,
    held: Promise<void> = Promise.resolve(),
  ): Promise<Leader> {
    if (!this.#isPrepared) await this.prepare()
    this.#isPrepared = false
    const { node, indexes, peers, clock, tracer, logger } = this.#ports
    const own = { store: this.#store, log: this.#log, applier: this.#applier }
    const ports = { ...own, lease, indexes, peers, clock, tracer, logger }
    const losses = this.#losses
    let broken = false
    const beginning = Leader.begin(this.partition, node, ports, error => {
      broken = true
      if (this.#leader === undefined) return
      this.#leader = undefined
      broke(error)
    })
    const leader = await beginning.catch(error => {
      throw this.#losses > losses ? new NotLeading('the disk took back what was applied') : error
    })
    await held.catch(error => {
      leader.stop('the partition is not held')
      throw error
    })
    if (this.#losses > losses) leader.break(new NotLeading('the disk took back what was applied'))
    if (broken) throw new NotLeading('the leader could not go on')
    this.#leader = leader
    return leader
  }

  /** A row as this replica knows it, maybe not the latest. Errors: NotLeading, while it may be older than one seen before. */
  get(key: Buffer): Image | undefined {
    this.#see()
    return this.#store.reader.get(key)
  }

  /** As `get`. */
  range({ index, ...range }: RangeRequest): Page {
    this.#see()
    const schema = this.#applier.schema
    if (index !== undefined && !schema) throw new NotLeading('nothing is known of the index yet')
    return this.#store.reader.range(index === undefined ? undefined : localIndexNumber(schema!.table, index), range)
  }

  /** What was not committed when the disk failed is gone from the store until it is applied again. */
  #see(): void {
    const { position } = this.#applier.state
    if (position < this.#seen) throw new NotLeading('the replica is catching up')
    this.#seen = position
    checkServing(this.#applier.schema)
  }

  /** Hands what was applied to the file system. Errors: those of the disk; then the leader has stepped down. */
  settle(): void {
    this.#changing(() => this.#applier.commit())
  }

  /** What fails loses what was not committed: it is in the log, and comes back from there. */
  #changing(work: () => void): void {
    try {
      work()
    } catch (error) {
      // One that has yet to begin looks whether anything is lost.
      this.#losses += 1
      this.#leader?.break(error as Error)
      this.#following?.rewind(error as Error)
      throw error
    }
  }

  /** Makes the file durable and trims the log behind it. Writes pause for the last, short part of it; reads don't. */
  checkpoint(): Promise<void> {
    this.#checkpointing ??= this.#checkpoint().finally(() => (this.#checkpointing = undefined))
    return this.#checkpointing
  }

  async #checkpoint(): Promise<void> {
    const hold = () => this.#leader?.hold() ?? this.#following?.hold() ?? (() => {})
    if (await this.saving.checkpoint(() => this.settle(), hold)) this.trim()
  }

  /** Makes part of the next checkpoint's work, if there is much of it. */
  async flush(): Promise<void> {
    this.settle()
    await this.saving.flush()
  }

  /** Forgets the entries that nobody needs any more: others may have taken in what they lacked. */
  trim(): void {
    if (this.#leader) this.#log.trim(Math.min(this.saving.durable, this.#leader.acknowledged(), this.#followers()))
    this.#changing(() => this.#applier.forget(Math.min(this.#log.start() - 1, this.saving.durable)))
  }

  /** Writes a copy of the file, as of one entry, to `path`. Errors: those of the disk. */
  async copy(path: string): Promise<void> {
    this.settle()
    await this.#ports.checkpointer.copy(this.#store.path, path)
  }

  /** `discard`: the file is to be removed. */
  async close(reason: string, discard = false): Promise<void> {
    this.stepDown(reason)
    await this.#following?.stop()
    await this.#checkpointing?.catch(() => {})
    if (this.#closed) return
    this.#closed = true
    if (discard) this.#store.discard()
    else this.#store.close()
  }

  /** Closes the file, which is to be removed; with `log`, removes the log: nobody has it any more. */
  async drop(log: boolean): Promise<void> {
    await this.close('the partition is gone', true)
    if (log) await this.#ports.logs.drop(this.partition)
  }
}
