/**
 * Background work that one process of the cluster does at a time: whoever holds a key bound to its lease. What it commits is
 * guarded; what can't be is done only while the lease, by the own clock, has not run out.
 */
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { type Lease, LeaseLost, type Metadata } from '../metadata/metadata.ts'
import type { Leasing } from './leasing.ts'

export const LIFECYCLE_DUTY = 'duty/lifecycle'

const RETRY_MS = 1000

/** Whether this process still is the one that does the work; by its own clock, as a process that was frozen must ask. */
export type Holds = () => boolean

/** May be started again once it is stopped. */
export type Work = { start(holds: Holds): void | Promise<void>; stop(): void }

export type ElectedPorts = { metadata: Metadata; leasing: Leasing; clock: Clock; logger: Logger }

export class Elected {
  readonly #ports: ElectedPorts
  readonly #key: string
  readonly #work: Work[]
  /** The lease that the work is done under. */
  #held: Lease | undefined
  #task: Promise<void> = Promise.resolve()
  #unwatch: (() => void)[] = []
  #cancel = () => {}
  #stopped = false

  constructor(ports: ElectedPorts, key: string, work: Work[]) {
    this.#ports = ports
    this.#key = key
    this.#work = work
  }

  /** Competes from now on. Resolves when it is known whether this process does the work for now. */
  async start(): Promise<void> {
    const { metadata, leasing } = this.#ports
    this.#unwatch = [leasing.watch(() => this.#look()), await metadata.watch(this.#key, () => this.#look())]
    await this.#task
  }

  /** Another process may do the work once the lease is given back. */
  stop(): void {
    this.#stopped = true
    this.#cancel()
    for (const unwatch of this.#unwatch) unwatch()
    this.#end()
  }

  #look(): void {
    if (this.#held && this.#held !== this.#ports.leasing.lease) this.#end()
    this.#task = this.#task.then(() => this.#compete()).catch(error => this.#failed(error))
  }

  async #compete(): Promise<void> {
    const { metadata, leasing } = this.#ports
    const { lease } = leasing
    if (this.#stopped || !lease) return
    const entry = await metadata.get(this.#key)
    const isOwn = entry?.value === lease.id
    if (this.#held && !isOwn) this.#end()
    if (this.#held || (entry && !isOwn)) return
    const put = { key: this.#key, value: lease.id, lease }
    if (!isOwn && !(await metadata.commit({ guards: [{ key: this.#key, version: 0 }], puts: [put] }))) return
    if (this.#stopped || leasing.lease !== lease) return
    this.#held = lease
    const holds = () => this.#held === lease && this.#ports.clock.monotonic() < lease.validUntil()
    for (const work of this.#work) await work.start(holds)
    // Lost meanwhile: what was stopped then may have been started since.
    if (this.#held !== lease) for (const work of this.#work) work.stop()
  }

  #end(): void {
    if (!this.#held) return
    this.#held = undefined
    for (const work of this.#work) work.stop()
  }

  #failed(error: Error): void {
    this.#end()
    if (this.#stopped) return
    if (!(error instanceof LeaseLost))
      this.#ports.logger.warn({ err: error }, 'no one could be elected for the background work')
    this.#cancel()
    this.#cancel = this.#ports.clock.after(RETRY_MS, () => this.#look())
  }
}
