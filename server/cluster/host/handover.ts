/**
 * How a leader that leaves gives its partition to another replica, so that requests wait a moment and none fails: it takes no more
 * writes, ends those on their way to the log, steps down, and has the other one lead at once. Who asks it meanwhile waits, and is
 * told who leads next: as soon as that one is told itself, if it expects to be, for then it has them wait; else once it leads.
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

/** Who is to lead next. `isExpecting`: it knows, and has who asks it wait. */
export type Heir = { node: string; isExpecting: boolean }

export class Handover {
  readonly #partition: string
  readonly #ports: HandoverPorts
  #successor: Promise<string | undefined> | undefined

  constructor(partition: string, ports: HandoverPorts) {
    this.#partition = partition
    this.#ports = ports
  }

  /** Who leads what was given away here, or has who asks it wait until it does; undefined if nobody could be found. */
  get successor(): Promise<string | undefined> | undefined {
    return this.#successor
  }

  /** It is led here again, or by somebody else. */
  forget(): void {
    this.#successor = undefined
  }

  /** `stepDown` ends the leader, and says what is to be known of it. @returns whether `to` leads now */
  async give(leader: Leader, to: Heir | undefined, stepDown: () => Succession): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<string | undefined>()
    this.#successor = promise
    await this.#retire(leader)
    const succession = stepDown()
    const isLed = to !== undefined && this.#succeeded(to.node, succession)
    if (isLed && to.isExpecting) resolve(to.node)
    const found = (await isLed) ? to?.node : undefined
    resolve(found)
    // Nobody is sent any more to one that does not take over.
    if (found === undefined) this.#successor = Promise.resolve(undefined)
    return found !== undefined
  }

  async #retire(leader: Leader): Promise<void> {
    const { clock, logger } = this.#ports
    await within(clock, RETIRE_MS, leader.retire()).catch(error =>
      logger.warn(
        { err: error, partition: this.#partition },
        'a partition is handed over before all its writes are done',
      ),
    )
  }

  async #succeeded(node: string, succession: Succession): Promise<boolean> {
    const { neighbours, clock, logger } = this.#ports
    const partition = this.#partition
    try {
      await within(clock, SUCCEED_MS, neighbours.succeed(node, partition, succession))
      return true
    } catch (error) {
      logger.warn({ err: error, partition, node }, 'a replica does not take over; any other one may lead')
      return false
    }
  }
}
