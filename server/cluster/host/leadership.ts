/** A partition's leadership, as one node begins it, does what comes with it, and gives it away. */
import { within } from '../../base/within.ts'
import type { Position } from '../../log/log.ts'
import type { Lease } from '../../metadata/metadata.ts'
import type { Leader } from '../../replica/leader.ts'
import { NotLeading } from '../../replica/pipeline.ts'
import type { Replica } from '../../replica/replica.ts'
import type { Succession } from '../../replica/standing.ts'
import { holdersOf, type PartitionRecord } from '../records.ts'
import { Claim } from './claim.ts'
import { Duty } from './duty.ts'
import { ANSWER_MS, furthest } from './furthest.ts'
import { Handover, type Heir } from './handover.ts'
import type { HostedPorts } from './ports.ts'
import { Successor } from './successor.ts'

export type LeadershipHooks = {
  /** The leader could not go on, and has stepped down. */
  broke(error: Error): void
  /** The log can not be followed; see Replica. */
  lost(error: Error): void
  /** The leader key is not this lease's any more. */
  deposed(): void
  /** Not all that comes with leading is done: it is to be served again, in a while. */
  interrupted(): void
  /** It leads, however it came to that. */
  leads(): void
}

export class Leadership {
  readonly claim: Claim
  readonly #ports: HostedPorts
  readonly #hooks: LeadershipHooks
  readonly #handover: Handover
  readonly #wish: Successor
  #record: PartitionRecord
  #duty: Duty | undefined

  constructor(record: PartitionRecord, ports: HostedPorts, hooks: LeadershipHooks) {
    this.#record = record
    this.#ports = ports
    this.#hooks = hooks
    this.claim = new Claim(ports.metadata, ports.node, record.id)
    this.#handover = new Handover(record.id, ports)
    this.#wish = new Successor(ports)
  }

  /** See Handover. */
  get successor(): Promise<string | undefined> | undefined {
    return this.#handover.successor
  }

  assign(record: PartitionRecord): void {
    this.#record = record
  }

  /** The other replicas that answer, and how far they are; see `furthest`. */
  furthest(applied: Position): ReturnType<typeof furthest> {
    return furthest(this.#record.id, this.#record.replicas, this.#ports, applied)
  }

  /** The key is this node's: leads, or goes on. Errors: as Replica's `lead`. */
  async serve(replica: Replica, lease: Lease): Promise<void> {
    if (replica.leader && this.#duty?.lease !== lease) replica.stepDown('the lease is another one')
    if (!replica.leader) {
      await replica.prepare()
      const { nodes, stopped } = await this.furthest(replica.standing.applied)
      const [ahead] = [...nodes, ...stopped]
      if (ahead) return this.#giveBack(replica, lease, ahead, nodes.length === 0)
      await this.#lead(replica, lease)
    }
    this.#ports.followers.watch(this.#record.id, holdersOf(this.#record))
    await this.#duty!.perform(this.#record.schema)
  }

  /** Leads instead of another node, which has stepped down. Errors: any. */
  async takeOver(replica: Replica, lease: Lease, succession: Succession): Promise<void> {
    const { epoch, applied, entries, version } = succession
    const held = this.claim.takeOver(lease, epoch, version).then(isTaken => {
      if (!isTaken) throw new NotLeading('the partition was given up meanwhile')
    })
    // It is waited for in the end.
    held.catch(() => {})
    await replica.prepare(applied, entries)
    // What was acknowledged is led from nowhere else.
    if (replica.standing.applied < applied.position) throw new NotLeading('the log has lost entries')
    await this.#lead(replica, lease, held)
  }

  /** Gives the partition to another node, if one holds it: to `to`, if that can lead, else to the one that is furthest of those that can. */
  async handOver(replica: Replica, leader: Leader, lease: Lease, to?: string): Promise<void> {
    const heir = (to && (await this.#heir(to))) || (await this.#anyHeir())
    await this.#give(replica, leader, lease, heir)
  }

  async #give(replica: Replica, leader: Leader, lease: Lease, heir: Heir | undefined): Promise<void> {
    // The last that can be done before requests have to wait.
    const version = await this.claim.version(lease).catch(() => undefined)
    const { epoch } = leader
    const isLed = await this.#handover.give(leader, heir, () => {
      this.follow(replica, 'the partition is handed over')
      return { epoch, version, ...replica.bequest() }
    })
    if (!isLed) await this.claim.release(lease)
  }

  /** Gives it to the one that should lead, as the record says: now, or later, for that one is not near; or there is none. */
  async giveAsWished(replica: Replica, lease: Lease): Promise<'now' | 'later' | undefined> {
    const wish = await this.#wish.of(this.#record, replica)
    if (!wish || wish === 'later') return wish
    const heir = await this.#heir(wish.node)
    const { leader } = replica
    // One that is about to leave was wished for before that was known.
    if (!heir || !leader) return undefined
    await this.#give(replica, leader, lease, heir)
    return 'now'
  }

  /** Others may lead, and this one follows. */
  giveWay(replica: Replica, lease: Lease): Promise<void> {
    this.follow(replica, 'another one may lead')
    return this.claim.release(lease)
  }

  /** Others may lead. */
  async giveUp(lease: Lease | undefined): Promise<void> {
    if (lease) await this.claim.release(lease).catch(() => {})
  }

  /** A leader steps down. */
  follow(replica: Replica | undefined, reason: string): void {
    this.#ports.followers.forget(this.#record.id)
    this.#duty = undefined
    replica?.follow(reason, error => this.#hooks.lost(error))
  }

  /** What was given away here is led by whoever the metadata names. */
  forgetHandover(): void {
    this.#handover.forget()
  }

  async #anyHeir(): Promise<Heir | undefined> {
    for (const node of (await this.furthest(-1)).nodes) {
      const heir = await this.#heir(node)
      if (heir) return heir
    }
    return undefined
  }

  /** Undefined if the node says that it can't lead. */
  async #heir(node: string): Promise<Heir | undefined> {
    const { neighbours, clock } = this.#ports
    try {
      await within(clock, ANSWER_MS, neighbours.expect(node, this.#record.id))
      return { node, isExpecting: true }
    } catch (error) {
      return error instanceof NotLeading ? undefined : { node, isExpecting: false }
    }
  }

  /** What was acknowledged is led from nowhere else: if that one can't lead, nobody does. */
  async #giveBack(replica: Replica, lease: Lease, ahead: string, isStopped: boolean): Promise<void> {
    const what = isStopped
      ? 'the log has lost entries that only a replica that has stopped still has; nobody leads until that is mended'
      : 'the log has lost entries that another replica has; it is to lead'
    this.#ports.logger.error({ partition: this.#record.id, node: ahead }, what)
    this.follow(replica, 'another replica is ahead')
    await this.claim.release(lease, ahead)
  }

  async #lead(replica: Replica, lease: Lease, held?: Promise<void>): Promise<void> {
    const { logger } = this.#ports
    const leader = await replica.lead(lease, error => this.#hooks.broke(error), held)
    this.#handover.forget()
    this.#hooks.leads()
    const { deposed, interrupted } = this.#hooks
    this.#duty = new Duty(leader, lease, this.claim, { logger, deposed, interrupted })
  }
}
