/**
 * One partition on this node. Whatever happens (to its record, its leader key, the lease, the log) leads to the same question,
 * what there is to do now; one task at a time, so that opening, leading and dropping never cross.
 */
import { OperatorError } from '../../base/failure.ts'
import { InvariantViolation } from '../../base/invariant.ts'
import { within } from '../../base/within.ts'
import { type Position, PositionConflict } from '../../log/log.ts'
import type { Lease } from '../../metadata/metadata.ts'
import { Behind } from '../../replica/agreement.ts'
import type { Leader } from '../../replica/leader.ts'
import { NotLeading } from '../../replica/pipeline.ts'
import type { Replica } from '../../replica/replica.ts'
import { holdersOf, type PartitionRecord } from '../records.ts'
import { Claim } from './claim.ts'
import { Duty } from './duty.ts'
import { furthest } from './furthest.ts'
import { openReplica } from './opening.ts'
import { Patience } from './patience.ts'
import type { HostedPorts } from './ports.ts'
import { Successor } from './successor.ts'

/** How long a partition that broke rests before it is led, or opened, again. */
const REST_MS = 1000
/** The same, when it only came too late. */
const SHORT_REST_MS = 20
/** Between looks whether other replicas are back. */
const CHECK_MS = 100
/** Between looks whether the one that should lead is near. */
const SUCCESSOR_MS = 500
/** How long a leader that leaves waits for what is under way. */
const RETIRE_MS = 2000

export class Hosted {
  readonly id: string
  readonly #ports: HostedPorts
  readonly #claim: Claim
  readonly #patience: Patience
  readonly #successor: Successor
  #record: PartitionRecord
  #replica: Replica | undefined
  #duty: Duty | undefined
  #failure: Error | undefined
  #isLedElsewhere = false
  #isStopped = false
  #task: Promise<void> = Promise.resolve()
  #isDue = false
  #cancel = () => {}
  #leaving = false
  #over = false

  constructor(record: PartitionRecord, ports: HostedPorts) {
    this.id = record.id
    this.#record = record
    this.#ports = ports
    this.#claim = new Claim(ports.metadata, ports.node, record.id)
    this.#patience = new Patience(ports.node, ports.clock)
    this.#successor = new Successor(ports)
  }

  get replica(): Replica | undefined {
    return this.#replica
  }

  get leader(): Leader | undefined {
    return this.#replica?.leader
  }

  /** Nothing can be done with it but by a person; `failure` says why. */
  get isStopped(): boolean {
    return this.#isStopped
  }

  /** Whether some node leads it, as far as is known here. */
  get isLed(): boolean {
    return this.#isLedElsewhere || this.leader !== undefined
  }

  /** Why it is not as it should be, if it is not. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** No other node holds it. */
  get isAlone(): boolean {
    return holdersOf(this.#record).length === 1
  }

  /** It leads nothing: it is about to leave, or has yet to become one of the replicas. */
  get #abstains(): boolean {
    return this.#leaving || !this.#record.replicas.includes(this.#ports.node)
  }

  /** Resolves when what there is to do now is done. */
  get settled(): Promise<void> {
    return this.#task
  }

  assign(record: PartitionRecord): void {
    this.#record = record
    this.trigger()
  }

  /** Something has changed. */
  trigger(): void {
    if (this.#isDue || this.#over) return
    this.#isDue = true
    void this.#enqueue(() => {
      this.#isDue = false
      return this.#tend()
    })
  }

  /** The lease is over: nothing rests on it from now on. */
  leaseLost(): void {
    this.#replica?.stepDown('the lease has run out')
    this.trigger()
  }

  /** Hands the partition over, if it is led here and held elsewhere, and leads it no more. */
  leave(): Promise<void> {
    this.#leaving = true
    return this.#enqueue(() => this.#handOver())
  }

  /** Removes the file; the log too, if no node holds the partition any more. */
  async drop(isGone: boolean): Promise<void> {
    await this.#enqueue(async () => {
      const { files, leasing, followers } = this.#ports
      this.#end()
      followers.forget(this.id)
      await this.#replica?.drop(isGone)
      await files.unmark(this.id)
      if (leasing.lease) await this.#claim.release(leasing.lease)
    })
  }

  async close(): Promise<void> {
    this.#end()
    await this.#task
    await this.#replica?.close('this node is closing')
  }

  #end(): void {
    this.#over = true
    this.#cancel()
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    this.#task = this.#task.then(work).catch(error => this.#failed(error))
    return this.#task
  }

  #later(ms: number): void {
    this.#cancel()
    this.#cancel = this.#ports.clock.after(ms, () => this.trigger())
  }

  async #tend(): Promise<void> {
    // One that leaves is about to hand over.
    if (this.#over || this.#isStopped || (this.#leaving && this.leader)) return
    this.#cancel()
    const replica = (this.#replica ??= await this.#open())
    const { lease } = this.#ports.leasing
    if (!lease) return this.#follow('there is no lease')
    const holder = await this.#claim.holder(lease)
    this.#isLedElsewhere = holder.kind === 'other'
    if (holder.kind !== 'free') this.#patience.reset()
    if (holder.kind === 'other') return this.#follow(`${holder.node} leads`)
    if (holder.kind === 'free' && !(await this.#compete(replica, lease, holder.next))) return
    if (this.#patience.isResting || this.#abstains) return this.#giveWay(lease)
    const successor = await this.#successor.of(this.#record, replica)
    if (successor === 'later') this.#later(SUCCESSOR_MS)
    else if (successor) return this.#handOver(successor.node)
    await this.#serve(replica, lease)
    this.#failure = undefined
  }

  /** @returns whether the key was free to take, and is taken now */
  async #compete(replica: Replica, lease: Lease, next: string | undefined): Promise<boolean> {
    const wait = this.#abstains ? undefined : this.#patience.of(this.#record.replicas, replica.lag, next)
    if (wait !== 0 || replica.leader) this.#follow('nobody leads')
    if (wait) this.#later(wait)
    if (wait !== 0) return false
    if (this.#patience.isUnsure && !(await this.#furthest(-1)).isWhole) {
      this.#later(CHECK_MS)
      return false
    }
    return this.#claim.take(lease, next)
  }

  #furthest(applied: Position): ReturnType<typeof furthest> {
    return furthest(this.id, this.#record.replicas, this.#ports, applied)
  }

  async #giveWay(lease: Lease): Promise<void> {
    this.#follow('another one may lead')
    await this.#claim.release(lease)
    if (this.#patience.isResting) this.#later(this.#patience.restMs)
  }

  /** The key is this node's. */
  async #serve(replica: Replica, lease: Lease): Promise<void> {
    const { followers, logger } = this.#ports
    if (replica.leader && this.#duty?.lease !== lease) replica.stepDown('the lease is another one')
    if (!replica.leader) {
      await replica.prepare()
      const { node: ahead } = await this.#furthest(replica.standing.applied)
      if (ahead) {
        logger.error(
          { partition: this.id, node: ahead },
          'the log has lost entries that another replica has; it is to lead',
        )
        this.#follow('another replica is ahead')
        return this.#claim.release(lease, ahead)
      }
      const leader = await replica.lead(lease, error => this.#broke(error))
      this.#duty = new Duty(leader, lease, this.#claim, { logger, deposed: () => this.trigger() })
    }
    followers.watch(this.id, holdersOf(this.#record))
    await this.#duty!.perform(this.#record.schema)
  }

  /** A leader steps down. */
  #follow(reason: string): void {
    this.#ports.followers.forget(this.id)
    this.#duty = undefined
    this.#replica?.follow(reason, error => void this.#enqueue(() => Promise.reject(error)))
  }

  async #open(): Promise<Replica> {
    const replica = await openReplica(this.#record, this.#ports)
    if (replica.standing.applied > 0) this.#patience.opened()
    return replica
  }

  /** To the one that is furthest, if it is not said. */
  async #handOver(to?: string): Promise<void> {
    const { leasing, clock, logger } = this.#ports
    const { leader, lease } = { leader: this.leader, lease: leasing.lease }
    if (!leader || !lease || this.isAlone) return
    const next = to ?? (await this.#furthest(-1)).node
    await within(clock, RETIRE_MS, leader.retire()).catch(error =>
      logger.warn({ err: error, partition: this.id }, 'a partition is handed over before all its writes are done'),
    )
    this.#follow('the partition is handed over')
    await this.#claim.release(lease, next)
  }

  /** A leader that could not append, or apply, has stepped down. What the log holds decides how it goes on. */
  #broke(error: Error): void {
    const { logger } = this.#ports
    if (error instanceof PositionConflict) {
      logger.warn({ err: error, partition: this.id }, 'another leader has appended: this one has stepped down')
    } else {
      logger.error({ err: error, partition: this.id }, 'a partition has stopped; it will be led again from its log')
      this.#patience.rest(REST_MS)
    }
    this.trigger()
  }

  async #failed(error: Error): Promise<void> {
    if (this.#over) return
    const { leasing, complain } = this.#ports
    this.#failure = error
    if (error instanceof Behind && !this.isAlone) return this.#rebuild(error)
    this.#isStopped = error instanceof OperatorError || error instanceof InvariantViolation
    if (this.#isStopped) {
      complain(this, error)
      this.#replica?.stepDown(error.message)
      if (leasing.lease) await this.#claim.release(leasing.lease).catch(() => {})
      return
    }
    complain(this, error)
    const isLate = error instanceof PositionConflict || error instanceof NotLeading
    // A leader goes on for as long as its lease lasts.
    if (!this.leader) {
      if (this.#replica && !isLate) this.#patience.rest(REST_MS)
      this.#follow(error.message)
    }
    this.#later(isLate ? SHORT_REST_MS : REST_MS)
  }

  /** The log begins after what this replica has applied. */
  async #rebuild(error: Behind): Promise<void> {
    this.#ports.logger.warn({ err: error, partition: this.id }, 'a replica is too far behind its log: it is rebuilt')
    await this.#replica?.close('it is rebuilt')
    this.#replica = undefined
    this.#later(SHORT_REST_MS)
  }
}
