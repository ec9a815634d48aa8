/** A process's lease: when it is lost, another one is taken as soon as that is possible. */
import { type Clock, sleep } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Lease, Metadata } from '../metadata/metadata.ts'

const RETRY_MS = 300

/** Undefined: the lease is over, and nothing rests on it from now on. */
export type LeaseListener = (lease: Lease | undefined) => void

export class Leasing {
  readonly #metadata: Metadata
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #listeners = new Set<LeaseListener>()
  #lease: Lease | undefined
  #stopped = false

  constructor(metadata: Metadata, clock: Clock, logger: Logger) {
    this.#metadata = metadata
    this.#clock = clock
    this.#logger = logger
  }

  /** Undefined while there is none. */
  get lease(): Lease | undefined {
    return this.#lease
  }

  /** Takes the first lease. Errors: those of the metadata. */
  async start(): Promise<void> {
    this.#hold(await this.#metadata.lease())
  }

  /** Calls `listener` whenever the lease changes. Returns a function that ends that. */
  watch(listener: LeaseListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Gives the lease back: keys that are bound to it vanish. */
  async stop(): Promise<void> {
    this.#stopped = true
    const lease = this.#lease
    this.#lease = undefined
    await lease?.revoke().catch(error => this.#logger.debug({ err: error }, 'the lease could not be given back'))
  }

  #hold(lease: Lease): void {
    this.#lease = lease
    lease.lost.addEventListener('abort', () => void this.#lost(lease))
    this.#tell(lease)
    if (lease.lost.aborted) void this.#lost(lease)
  }

  async #lost(lease: Lease): Promise<void> {
    if (this.#lease !== lease || this.#stopped) return
    this.#lease = undefined
    this.#logger.warn({ lease: lease.id }, 'the lease has run out; another one is being taken')
    this.#tell(undefined)
    while (!this.#stopped && !this.#lease) {
      const next = await this.#metadata.lease().catch(error => {
        this.#logger.debug({ err: error }, 'no lease can be had just now')
        return undefined
      })
      if (!next) await sleep(this.#clock, RETRY_MS)
      // It may come when its time is over. What is not held here must not live on: nobody would be rid of its keys.
      else if (this.#stopped || next.lost.aborted) await next.revoke().catch(() => {})
      else this.#hold(next)
    }
  }

  #tell(lease: Lease | undefined): void {
    for (const listener of [...this.#listeners]) listener(lease)
  }
}
