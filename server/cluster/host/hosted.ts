/** One partition on this node. Whatever happens leads to the same question, what there is to do now; one task at a time. */
import { persist } from '../../base/persist.ts'
import { PositionConflict } from '../../log/log.ts'
import type { Lease } from '../../metadata/metadata.ts'
import { Behind } from '../../replica/agreement.ts'
import type { Leader } from '../../replica/leader.ts'
import { NotLeading } from '../../replica/pipeline.ts'
import type { Replica } from '../../replica/replica.ts'
import type { Succession } from '../../replica/standing.ts'
import { holdersOf, type PartitionRecord } from '../records.ts'
import { Arrival } from './arrival.ts'
import { Leadership } from './leadership.ts'
import { openReplica } from './opening.ts'
import { Patience } from './patience.ts'
import type { HostedPorts } from './ports.ts'
import { isFinal, isUndecided, repair } from './repair.ts'
import { CHECK_MS, REPAIR_MS, REST_MS, SHORT_REST_MS } from './rests.ts'
import { Tasks } from './tasks.ts'

export class Hosted {
  readonly id: string
  readonly arrival = new Arrival()
  readonly #ports: HostedPorts
  readonly #leadership: Leadership
  readonly #patience: Patience
  readonly #tasks: Tasks
  #record: PartitionRecord
  #replica: Replica | undefined
  #failure: Error | undefined
  #isLedElsewhere = false
  #isStopped = false
  #isDue = false
  #leaving = false
  #over = false
  #closing = false

  constructor(record: PartitionRecord, ports: HostedPorts) {
    this.id = record.id
    this.#record = record
    this.#ports = ports
    this.#patience = new Patience(ports.node, ports.clock)
    this.#tasks = new Tasks(ports.clock, error => this.#failed(error))
    this.#leadership = new Leadership(record, ports, {
      broke: error => this.#broke(error),
      lost: error => void this.#tasks.add(() => Promise.reject(error)),
      deposed: () => this.trigger(),
      interrupted: () => this.#later(REST_MS),
      leads: () => this.arrival.end(),
    })
  }

  get replica(): Replica | undefined {
    return this.#replica
  }

  get leader(): Leader | undefined {
    return this.#replica?.leader
  }

  /** Its file and its log do not go together, or one of them is damaged; `failure` says how. */
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

  /** The nodes that have it, and may lead it. */
  get replicas(): string[] {
    return this.#record.replicas
  }

  /** No other node holds it. */
  get isAlone(): boolean {
    return holdersOf(this.#record).length === 1
  }

  /** It has yet to become one of the replicas, or is none any more. */
  get #isOut(): boolean {
    return !this.#record.replicas.includes(this.#ports.node)
  }

  /** See Handover. */
  get successor(): Promise<string | undefined> | undefined {
    return this.#leadership.successor
  }

  /** It begins to lead nothing: it is about to leave, or could not write what it leads. */
  get #abstains(): boolean {
    return this.#leaving || (this.#ports.disk.isFailing && !this.isAlone)
  }

  /** Whether it can lead instead of another one. */
  get isAble(): boolean {
    const isWell = this.#replica && !this.#isStopped && !this.#over
    return isWell === true && this.#ports.leasing.lease !== undefined && !this.#abstains && !this.#isOut
  }

  /** Resolves when what there is to do now is done. */
  get settled(): Promise<void> {
    return this.#tasks.settled
  }

  assign(record: PartitionRecord): void {
    this.#record = record
    this.#leadership.assign(record)
    this.trigger()
  }

  trigger(): void {
    if (this.#isDue || this.#over) return
    this.#isDue = true
    void this.#tasks.add(() => {
      this.#isDue = false
      return this.#tend()
    })
  }

  /** The lease is over: nothing rests on it from now on. */
  leaseLost(): void {
    this.#replica?.stepDown('the lease has run out')
    this.trigger()
  }

  /** It is not led here any more, once `handOver` has given it away. */
  leave(): void {
    this.#leaving = true
  }

  /** Gives the partition to another node, if it is led here and held elsewhere. */
  handOver(): Promise<void> {
    return this.#tasks.add(() => this.#handOver())
  }

  /** Leads instead of another node, which has stepped down. Resolves once it does. Errors: any, if it can't. */
  succeed(succession: Succession): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    void this.#tasks.add(async () => {
      if (!this.isAble) return reject(new NotLeading('this replica can not lead'))
      const [replica, lease] = [this.#replica!, this.#ports.leasing.lease!]
      const taking = this.#leadership.takeOver(replica, lease, succession)
      taking.then(resolve, reject)
      await taking
      await this.#leadership.serve(replica, lease)
    })
    return promise.finally(() => this.arrival.end())
  }

  /** Stops, for its rows are not what they should be: `error` says how. If it leads, it hands over first: to `to`, if that is given. */
  distrust(error: Error, to?: string): Promise<void> {
    return this.#tasks.add(async () => {
      if (!isUndecided(error)) await this.#handOver(to)
      throw error
    })
  }

  /** Removes the file; the log too, if no node holds it any more. Not in vain: a deletion waits for the leader key. */
  async drop(isGone: boolean): Promise<void> {
    await this.#tasks.add(async () => {
      const { files, leasing, followers, clock, logs } = this.#ports
      this.#over = true
      this.#tasks.cancel()
      followers.forget(this.id)
      const undo = async () => {
        await (this.#replica?.drop(isGone) ?? (isGone && logs.drop(this.id)))
        await files.unmark(this.id)
        if (leasing.lease) await this.#leadership.claim.release(leasing.lease)
      }
      await persist(clock, REST_MS, () => this.#closing, undo)
    })
  }

  async close(): Promise<void> {
    this.#closing = true
    this.#over = true
    this.#tasks.cancel()
    await this.#tasks.settled
    await this.#replica?.close('this node is closing')
  }

  async #handOver(to?: string): Promise<void> {
    const { lease } = this.#ports.leasing
    if (this.leader && lease && !this.isAlone) await this.#leadership.handOver(this.#replica!, this.leader, lease, to)
  }

  #later(ms: number): void {
    this.#tasks.later(ms, () => this.trigger())
  }

  async #tend(): Promise<void> {
    if (this.#over || (this.#leaving && this.leader)) return
    this.#tasks.cancel()
    if (this.#isStopped) return this.#repair().catch(() => this.#later(REPAIR_MS))
    const replica = (this.#replica ??= await this.#open())
    const { lease } = this.#ports.leasing
    if (!lease) return this.#leadership.follow(this.#replica, 'there is no lease')
    const holder = await this.#leadership.claim.holder(lease)
    this.#isLedElsewhere = holder.kind === 'other'
    if (holder.kind !== 'free') this.#patience.reset()
    if (holder.kind !== 'other') this.#leadership.forgetHandover()
    if (holder.kind === 'other') return this.#leadership.follow(this.#replica, `${holder.node} leads`)
    if (holder.kind === 'free' && !(await this.#compete(replica, lease, holder.next))) return
    if (this.#patience.isResting || this.#isOut || (this.#abstains && !replica.leader)) {
      if (this.#patience.isResting) this.#later(this.#patience.restMs)
      return this.#leadership.giveWay(replica, lease)
    }
    const given = await this.#leadership.giveAsWished(replica, lease)
    if (given === 'later') this.#later(REST_MS)
    if (given === 'now') return
    await this.#leadership.serve(replica, lease)
    this.#failure = undefined
  }

  /** @returns whether the key was free to take, and is taken now */
  async #compete(replica: Replica, lease: Lease, next: string | undefined): Promise<boolean> {
    const wait = this.#abstains || this.#isOut ? undefined : this.#patience.of(this.#record.replicas, replica.lag, next)
    if (wait !== 0 || replica.leader) this.#leadership.follow(this.#replica, 'nobody leads')
    if (wait) this.#later(wait)
    if (wait !== 0) return false
    const isUnsure = this.#patience.isUnsure && !(await this.#leadership.furthest(-1)).isWhole
    const isTaken = !isUnsure && (await this.#leadership.claim.take(lease, next))
    // Others are not back yet, or one was faster.
    if (isTaken) this.#patience.reset()
    else this.#later(isUnsure ? CHECK_MS : SHORT_REST_MS)
    return isTaken
  }

  async #open(): Promise<Replica> {
    const replica = await openReplica(this.#record, this.#ports)
    if (replica.standing.applied > 0) this.#patience.opened()
    return replica
  }

  /** A leader that could not append, or apply, has stepped down. What the log holds decides how it goes on. */
  #broke(error: Error): void {
    const { logger } = this.#ports
    if (error instanceof PositionConflict) {
      logger.warn({ err: error, partition: this.id }, 'another leader has appended: this one has stepped down')
    } else {
      this.#ports.disk.blame(error)
      logger.error({ err: error, partition: this.id }, 'a partition has stopped; it will be led again from its log')
      this.#patience.rest(REST_MS)
    }
    this.trigger()
  }

  async #failed(error: Error): Promise<void> {
    if (this.#over) return
    const { disk, leasing, complain } = this.#ports
    this.#failure = error
    if (error instanceof Behind && !this.isAlone) return this.#rebuild(error)
    const isDisk = disk.blame(error)
    this.#isStopped = isFinal(error) && !isDisk
    complain(this, error)
    const isLate = error instanceof PositionConflict || error instanceof NotLeading
    if (this.#isStopped) this.#replica?.stepDown(error.message)
    // A leader goes on for as long as its lease lasts.
    if (!this.leader) {
      if (this.#replica && !isLate) this.#patience.rest(REST_MS)
      // What can't be written now would fail again at once.
      if (!this.#isStopped && !isDisk) this.#leadership.follow(this.#replica, error.message)
      if (this.#isStopped || isDisk) await this.#leadership.giveUp(leasing.lease)
    }
    if (this.#isStopped) this.#later(REPAIR_MS)
    else this.#later(isLate ? SHORT_REST_MS : REST_MS)
  }

  /** One that has stopped: another one's file may take the place of its own. */
  async #repair(): Promise<void> {
    const { lease } = this.#ports.leasing
    if (this.isAlone || !lease) return
    this.#later(REPAIR_MS)
    const holder = await this.#leadership.claim.holder(lease)
    if (holder.kind !== 'other') return
    await this.#replica?.close('it is rebuilt').catch(() => {})
    this.#replica = undefined
    if (!(await repair(this.id, holder.node, this.#failure!, this.#ports))) return
    this.#isStopped = false
    this.#later(0)
  }

  /** The log begins after what this replica has applied. */
  async #rebuild(error: Behind): Promise<void> {
    this.#ports.logger.warn({ err: error, partition: this.id }, 'a replica is too far behind its log: it is rebuilt')
    await this.#replica?.close('it is rebuilt')
    this.#replica = undefined
    this.#later(SHORT_REST_MS)
  }
}
