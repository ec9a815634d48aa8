/** The way to a partition's leader, which may be moving, or gone with its table. */
import { type Clock, sleep } from '../base/clock.ts'
import { hashOfRow } from '../codec/key.ts'
import { internalServerError, resourceNotFound, validation } from '../model/errors.ts'
import type { PartitionSlice, TableRecord } from '../model/table.ts'
import { Interrupted, NotLeading } from '../replica/pipeline.ts'
import type { RangeTarget, Tables } from './cluster.ts'
import type { Leaders, PartitionLeader } from './leaders.ts'

/** How long a request waits for a partition that has no leader just now. */
const LEADER_WAIT_MS = 5000
const LEADER_CHECK_MS = 20

export class Routes {
  readonly #tables: Pick<Tables, 'find'>
  readonly #leaders: Leaders
  readonly #clock: Clock

  constructor(tables: Pick<Tables, 'find'>, leaders: Leaders, clock: Clock) {
    this.#tables = tables
    this.#leaders = leaders
    this.#clock = clock
  }

  find(partition: string): PartitionLeader | undefined {
    return this.#leaders.find(partition)
  }

  /** Waits for the leader of a partition. Errors: that the table or its index is gone; InternalServerError. */
  leader(partition: string, table: TableRecord, target?: RangeTarget): Promise<PartitionLeader> {
    return untilLed(this.#leaders, this.#clock, partition, () => this.gone(table, target))
  }

  /** See `askLeader`. Errors: also that the table or its index is gone. */
  ask<T>(
    partition: string,
    table: TableRecord,
    ask: (leader: PartitionLeader) => T | Promise<T>,
    target?: RangeTarget,
  ): Promise<T> {
    return askLeader(this.#leaders, this.#clock, partition, ask, () => this.gone(table, target))
  }

  /** What to say when the table or its index went while the request was under way; undefined if they are there. */
  gone(table: TableRecord, target?: RangeTarget): Error | undefined {
    const current = this.#tables.find(table.name)
    if (current?.id !== table.id || current.status === 'DELETING') return resourceNotFound()
    if (!target || !('globalIndex' in target)) return undefined
    const { id, name } = target.globalIndex
    const isThere = current.globalIndexes.some(index => index.id === id && index.status !== 'DELETING')
    return isThere ? undefined : validation(`The table does not have the specified index: ${name}`)
  }
}

/**
 * Asks the partition's leader. One that turns out not to lead has done nothing: the one that does is asked instead, for as
 * long as a leader is waited for. `gone`: why there is none any more.
 * Errors: those of the leader; of `gone`; InternalServerError; Interrupted.
 */
export async function askLeader<T>(
  leaders: Leaders,
  clock: Clock,
  partition: string,
  ask: (leader: PartitionLeader) => T | Promise<T>,
  gone: () => Error | undefined = () => undefined,
): Promise<T> {
  let end: number | undefined
  let told: string | undefined
  while (true) {
    const leader = leaders.find(partition) ?? (await untilLed(leaders, clock, partition, gone))
    try {
      return await ask(leader)
    } catch (error) {
      if (!(error instanceof NotLeading)) throw error
      const now = clock.monotonic()
      end ??= now + LEADER_WAIT_MS
      const reason = gone()
      if (reason || error instanceof Interrupted || now >= end) throw reason ?? error
      leaders.hint?.(partition, error.leader)
      // Once told who leads, it is asked at once.
      if (error.leader === undefined || error.leader === told) await sleep(clock, LEADER_CHECK_MS)
      told = error.leader
    }
  }
}

async function untilLed(
  leaders: Leaders,
  clock: Clock,
  partition: string,
  gone: () => Error | undefined,
): Promise<PartitionLeader> {
  for (let waited = 0; waited < LEADER_WAIT_MS; waited += LEADER_CHECK_MS) {
    const leader = leaders.find(partition)
    if (leader) return leader
    const reason = gone()
    if (reason) throw reason
    await sleep(clock, LEADER_CHECK_MS)
  }
  throw internalServerError()
}

/** The partition that holds the row. */
export function sliceOf(slices: PartitionSlice[], key: Buffer): PartitionSlice {
  if (slices.length === 1) return slices[0]!
  const hash = hashOfRow(key)
  return slices.find(slice => hash >= slice.from && hash < slice.to)!
}
