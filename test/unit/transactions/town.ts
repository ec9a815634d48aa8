/** A few partitions in memory, led, that know each other, and can lose their leaders. */

import type { ExecutionContext } from 'ava'
import type { Clock } from '../../../server/base/clock.ts'
import { peers } from '../../../server/cluster/leaders.ts'
import { LogUnavailable } from '../../../server/log/log.ts'
import type { Item } from '../../../server/model/item.ts'
import type { WriteCommand } from '../../../server/partition/command.ts'
import type { PartitionSchema } from '../../../server/partition/schema.ts'
import type { Action, CheckRequest, CommitRequest } from '../../../server/partition/transaction.ts'
import type { Peers } from '../../../server/replica/peers.ts'
import type { Transactions } from '../../../server/replica/transactions.ts'
import { PLAIN, partitionSchema } from '../partition/given.ts'
import { clock, GatedLog, type LedPartition, lead } from '../replica/fakes.ts'

/** The wall clock and the monotonic one, which the test can move on. */
export function movableClock(): { clock: Clock; advance(ms: number): void } {
  let moved = 0
  const movable = { ...clock, now: () => clock.now() + moved, monotonic: () => clock.monotonic() + moved }
  return { clock: movable, advance: ms => void (moved += ms) }
}

export class Town {
  readonly partitions = new Map<string, LedPartition>()
  readonly away = new Set<string>()
  /** Partitions that are gone for good. */
  readonly gone = new Set<string>()
  readonly clock: Clock

  readonly #peers: () => Peers

  /** Ends with the test. `between`: how partitions reach each other. */
  constructor(t: ExecutionContext, given: Clock = clock, between?: () => Peers) {
    this.clock = given
    this.#peers = between ?? (() => peers(this.find, async id => !this.gone.has(id)))
    t.teardown(() => {
      for (const { leader } of this.partitions.values()) leader.stop('the test is over')
    })
  }

  /** A partition that is led, in the place of one that was dropped. */
  async build(id: string, schema: PartitionSchema = partitionSchema(PLAIN)): Promise<LedPartition> {
    const led = await lead({ partition: id, schema, clock: this.clock, peers: this.#peers() })
    this.partitions.set(id, led)
    return led
  }

  of(id: string): Transactions {
    return this.partitions.get(id)!.leader.transactions
  }

  /** The leader dies, and whatever of its log was not durable with it. */
  async kill(id: string): Promise<void> {
    const { leader, log } = this.partitions.get(id)!
    this.away.add(id)
    leader.stop('killed')
    await log.lose(new LogUnavailable('killed'))
  }

  /** A new leader, from the log and, unless it is lost, the file. */
  async restart(id: string, loseFile = false): Promise<LedPartition> {
    const { log, store, indexes } = this.partitions.get(id)!
    const options = { partition: id, log: new GatedLog(log.inner), indexes, clock: this.clock, peers: this.#peers() }
    const led = await lead(loseFile ? options : { ...options, store })
    this.partitions.set(id, led)
    this.away.delete(id)
    return led
  }

  find = (id: string) => (this.away.has(id) ? undefined : this.partitions.get(id)?.leader)

  /** Keys and items of a partition, by name. */
  item(id: string, command: WriteCommand): Item | undefined {
    const image = this.partitions.get(id)!.store.reader.get(command.key)
    return image && JSON.parse(image.json)
  }
}

export function commitOf(transaction: string, actions: Action[], more: Partial<CommitRequest> = {}): CommitRequest {
  return { transaction, began: Date.now(), actions, participants: [], token: undefined, ...more }
}

export function checkOf(transaction: string, actions: Action[], more: Partial<CheckRequest> = {}): CheckRequest {
  return { transaction, actions, token: undefined, ...more }
}

/** The codes of refusals, `ok` for those that are none. */
export function codes({ verdicts }: { verdicts: object[] }): string[] {
  return verdicts.map(verdict => ('refusal' in verdict ? (verdict.refusal as { code: string }).code : 'ok'))
}
