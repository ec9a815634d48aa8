/**
 * How a leader that leaves gives its partition to another replica, so that requests wait a moment and none fails: it takes no more
 * writes, ends those under way, steps down, and has the other one lead at once. Who asks it meanwhile waits, and is
 * told who leads now.
 */
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import { within } from '../../base/within.ts'
import type { Leader } from '../../replica/leader.ts'
import type { Neighbours, Succession } from '../../replica/standing.ts'

/** How long what is under way is waited for. */
const RETIRE_MS = 2000
/** How long the other one may take: beyond that, whoever is first leads. */
const SUCCEED_MS = 2000

export type HandoverPorts = { neighbours: Neighbours; clock: Clock; logger: Logger }

export class Handover {
  readonly #partition: string
  readonly #ports: HandoverPorts
  #successor: Promise<string | undefined> | undefined

  constructor(partition: string, ports: HandoverPorts) {
    this.#partition = partition
    this.#ports = ports
  }

  /** Who leads what was given away here; resolves once that one does, with undefined if nobody could be found. */
  get successor(): Promise<string | undefined> | undefined {
    return this.#successor
  }

  /** It is led here again, or by somebody else. */
  forget(): void {
    this.#successor = undefined
  }

  /** `stepDown` ends the leader, and says what is to be known of it. @returns whether `to` leads now */
  async give(leader: Leader, to: string | undefined, stepDown: () => Succession): Promise<boolean> {
    this.#successor = this.#give(leader, to, stepDown)
    return (await this.#successor) !== undefined
  }

  async #give(leader: Leader, to: string | undefined, stepDown: () => Succession): Promise<string | undefined> {
    const { neighbours, clock, logger } = this.#ports
    const partition = this.#partition
    await within(clock, RETIRE_MS, leader.retire()).catch(error =>
      logger.warn({ err: error, partition }, 'a partition is handed over before all its writes are done'),
    )
    const succession = stepDown()
    if (to === undefined) return undefined
    try {
      await within(clock, SUCCEED_MS, neighbours.succeed(to, partition, succession))
      return to
    } catch (error) {
      logger.warn({ err: error, partition, node: to }, 'a replica does not take over; any other one may lead')
      return undefined
    }
  }
}
