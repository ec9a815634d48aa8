/** Says in the metadata, under the process's lease, that a storage node lives, and where. */
import { type Clock, sleep } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { type Lease, LeaseLost, type Metadata, type MetadataChange } from '../metadata/metadata.ts'
import type { Leasing } from './leasing.ts'
import { type NodeRecord, nodeKey } from './records.ts'

const RETRY_MS = 300

export type MembershipPorts = { metadata: Metadata; leasing: Leasing; clock: Clock; logger: Logger }

export class Membership {
  readonly #ports: MembershipPorts
  readonly #record: NodeRecord
  readonly #key: string
  #unwatch: (() => void)[] = []
  #stopped = false

  constructor(ports: MembershipPorts, record: NodeRecord) {
    this.#ports = ports
    this.#record = record
    this.#key = nodeKey(record.node)
  }

  /** Errors: MetadataUnavailable. */
  async start(): Promise<void> {
    const { leasing, metadata } = this.#ports
    this.#unwatch.push(leasing.watch(lease => lease && void this.#register(lease)))
    if (leasing.lease) await this.#register(leasing.lease)
    this.#unwatch.push(await metadata.watch(this.#key, changes => this.#changed(changes)))
  }

  stop(): void {
    this.#stopped = true
    for (const unwatch of this.#unwatch) unwatch()
  }

  /**
   * What was committed under an earlier lease, and never answered, may take effect after what came later, and vanishes with that
   * lease: nobody would find this node any more.
   */
  #changed(changes: MetadataChange[]): void {
    const { lease } = this.#ports.leasing
    const isGone = changes.some(({ key, entry }) => key === this.#key && !entry)
    if (isGone && lease) void this.#register(lease)
  }

  async #register(lease: Lease): Promise<void> {
    const { metadata, clock, logger } = this.#ports
    const put = { key: this.#key, value: JSON.stringify(this.#record), lease }
    while (!this.#stopped && !lease.lost.aborted) {
      try {
        await metadata.commit({ guards: [], puts: [put] })
        return
      } catch (error) {
        if (error instanceof LeaseLost) return
        logger.warn({ err: error }, 'this node could not be registered; it will be tried again')
        await sleep(clock, RETRY_MS)
      }
    }
  }
}
