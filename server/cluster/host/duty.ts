/** What the leader of a partition does beside serving: it adopts what the record asks for, and reports how far it is. */
import type { Logger } from '../../base/logger.ts'
import type { Lease } from '../../metadata/metadata.ts'
import type { PartitionSchema } from '../../partition/schema.ts'
import type { Leader } from '../../replica/leader.ts'
import type { HandedOver } from '../../replica/sealing.ts'
import type { Claim } from './claim.ts'

export type DutyHooks = {
  logger: Logger
  /** The leader key is not this lease's any more. */
  deposed(): void
  /** What was to be done is not, though it still leads: `perform` is to be called again, in a while. */
  interrupted(): void
}

export class Duty {
  readonly lease: Lease
  readonly #leader: Leader
  readonly #claim: Claim
  readonly #hooks: DutyHooks
  #built: string[] = []
  #closed = false
  #sealed: HandedOver | undefined
  #reported = ''
  /** Of the schema that is being performed, or is. */
  #version: number | undefined
  #build: Promise<void> = Promise.resolve()

  constructor(leader: Leader, lease: Lease, claim: Claim, hooks: DutyHooks) {
    this.lease = lease
    this.#leader = leader
    this.#claim = claim
    this.#hooks = hooks
  }

  /** Resolves when the schema is adopted, and said to be; what it asks to be built is built in the background. */
  async perform(schema: PartitionSchema | undefined): Promise<void> {
    if (schema) await this.#leader.adopt(schema)
    // Requests wait for those that take over: what was adopted is said with what is handed over.
    if (!isSealed(schema) || this.#sealed) await this.#report()
    const version = schema?.version ?? 0
    if (this.#version === version) return
    this.#version = version
    // Beside other tasks, for it may take long; one at a time all the same.
    this.#build = this.#build.then(() => this.#work(schema)).catch(error => this.#interrupted(error))
  }

  async #work(schema: PartitionSchema | undefined): Promise<void> {
    if (isSealed(schema)) return this.#handOver()
    return schema?.closing ? this.#close() : this.#makeIndexes()
  }

  /** Others take over once they have all of it. */
  async #handOver(): Promise<void> {
    const sealed = await this.#leader.handedOver()
    if (!this.#leader.leads) return
    this.#sealed = sealed
    await this.#report()
  }

  async #makeIndexes(): Promise<void> {
    const built = await this.#leader.build()
    if (built.every(index => this.#built.includes(index)) || !this.#leader.leads) return
    this.#built = built
    await this.#report()
  }

  async #close(): Promise<void> {
    await this.#leader.transactions.settled()
    if (this.#closed || !this.#leader.leads) return
    this.#closed = true
    await this.#report()
  }

  async #report(): Promise<void> {
    const { epoch, schemaVersion } = this.#leader
    const report = { epoch, schemaVersion, built: this.#built, closed: this.#closed, sealed: this.#sealed }
    const text = JSON.stringify(report)
    if (text === this.#reported) return
    if (await this.#claim.report(this.lease, report)) this.#reported = text
    else this.#hooks.deposed()
  }

  /** The leader stepped down meanwhile, as a rule: the next one goes on. */
  #interrupted(error: Error): void {
    const { partition } = this.#leader
    this.#version = undefined
    if (!this.#leader.leads) return
    this.#hooks.logger.warn({ err: error, partition }, 'building a global index, or closing, was interrupted')
    this.#hooks.interrupted()
  }
}

/** Others are about to take over. */
function isSealed(schema: PartitionSchema | undefined): boolean {
  return schema?.sealed === true && !schema.closing
}
