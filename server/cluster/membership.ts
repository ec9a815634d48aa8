/** Says in the metadata, under the process's lease, that a storage node lives, and where. */
import { type Clock, sleep } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { type Lease, LeaseLost, type Metadata } from '../metadata/metadata.ts'
import type { Leasing } from './leasing.ts'
import { type NodeRecord, nodeKey } from './records.ts'

const RETRY_MS = 300

export type MembershipPorts = { metadata: Metadata; leasing: Leasing; clock: Clock; logger: Logger }

export class Membership {
  readonly #ports: MembershipPorts
  readonly #record: NodeRecord
  #unwatch = () => {}
  #stopped = false

  constructor(ports: MembershipPorts, record: NodeRecord) {
    this.#ports = ports
    this.#record = record
  }

  async start(): Promise<void> {
    const { leasing } = this.#ports
    this.#unwatch = leasing.watch(lease => lease && void this.#register(lease))
    if (leasing.lease) await this.#register(leasing.lease)
  }

  stop(): void {
    this.#stopped = true
    this.#unwatch()
  }

  async #register(lease: Lease): Promise<void> {
    const { metadata, clock, logger } = this.#ports
    const put = { key: nodeKey(this.#record.node), value: JSON.stringify(this.#record), lease }
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
