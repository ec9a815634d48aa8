/** The way to a partition's leader, which may be moving, or gone with its table. */
import { type Clock, sleep } from '../base/clock.ts'
import { hashOfRow } from '../codec/key.ts'
import { internalServerError, resourceNotFound, validation } from '../model/errors.ts'
import type { GlobalIndexRecord, PartitionSlice, TableRecord } from '../model/table.ts'
import { Interrupted, NotLeading } from '../replica/pipeline.ts'
import type { RangeTarget, Tables } from './cluster.ts'
import type { Leaders, PartitionLeader } from './leaders.ts'

/** How long a request waits for a partition that has no leader just now. */
const LEADER_WAIT_MS = 5000
const LEADER_CHECK_MS = 20

/** A partition is not the table's any more: others have taken over, and what was asked of it was not done. */
export class Moved extends Error {
  constructor(partition: string) {
    super(`other partitions have taken over from ${partition}`)
  }
}

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

  /** Waits for the leader of a partition. Errors: that the table or its index is gone; Moved; InternalServerError. */
  leader(partition: string, table: TableRecord, target?: RangeTarget): Promise<PartitionLeader> {
    return untilLed(this.#leaders, this.#clock, partition, this.#loss(partition, table, target))
  }

  /** See `askLeader`. Errors: also that the table or its index is gone; Moved. */
  ask<T>(
    partition: string,
    table: TableRecord,
    ask: (leader: PartitionLeader) => T | Promise<T>,
    target?: RangeTarget,
  ): Promise<T> {
    return askLeader(this.#leaders, this.#clock, partition, ask, this.#loss(partition, table, target))
  }

  /** Asks the leader of the partition that has the row, whichever that is by then. Errors: as `ask`, without Moved. */
  askOf<T>(key: Buffer, table: TableRecord, ask: (leader: PartitionLeader) => T | Promise<T>): Promise<T> {
    return this.asked(table, ({ partitions }) => this.ask(sliceOf(partitions, key).id, table, ask))
  }

  /**
   * `ask` for the table's partitions, and again whenever others have taken over from one of them: it may do nothing that may not
   * be done again before it ends with Moved. Errors: those of `ask`, without Moved.
   */
  asked<T>(table: TableRecord, ask: (table: TableRecord) => Promise<T>): Promise<T> {
    return ask(table).catch(error => {
      if (error instanceof Moved) return this.asked(this.latest(table), ask)
      throw error
    })
  }

  /** The table as it is known by now. */
  latest(table: TableRecord): TableRecord {
    const current = this.#tables.find(table.name)
    return current?.id === table.id ? current : table
  }

  #loss(partition: string, table: TableRecord, target?: RangeTarget): Loss {
    return { gone: () => this.gone(table, target), moved: () => this.moved(partition, table, target) }
  }

  /** What to say when others have taken over from the partition; undefined if none have. */
  moved(partition: string, table: TableRecord, target?: RangeTarget): Moved | undefined {
    const current = this.latest(table)
    const index = target && 'globalIndex' in target ? target.globalIndex.id : undefined
    const { partitions } = index === undefined ? current : (indexOf(current, index) ?? { partitions: [] })
    return partitions.some(({ id }) => id === partition) ? undefined : new Moved(partition)
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

/** Why a partition has no leader any more: it is gone, or others have taken over from it. */
type Loss = { gone(): Error | undefined; moved(): Error | undefined }

const NO_LOSS: Loss = { gone: () => undefined, moved: () => undefined }

/**
 * Asks the partition's leader. One that turns out not to lead has done nothing: the one that does is asked instead, for as
 * long as a leader is waited for. Errors: those of the leader; of `loss`; InternalServerError; Interrupted.
 */
export async function askLeader<T>(
  leaders: Leaders,
  clock: Clock,
  partition: string,
  ask: (leader: PartitionLeader) => T | Promise<T>,
  loss: Loss = NO_LOSS,
): Promise<T> {
  let end: number | undefined
  let told: string | undefined
  while (true) {
    const leader = leaders.find(partition) ?? (await untilLed(leaders, clock, partition, loss))
    try {
      return await ask(leader)
    } catch (error) {
      if (!(error instanceof NotLeading)) throw error
      const now = clock.monotonic()
      end ??= now + LEADER_WAIT_MS
      const gone = loss.gone()
      if (gone || error instanceof Interrupted) throw gone ?? error
      const moved = loss.moved()
      if (moved || now >= end) throw moved ?? error
      leaders.hint?.(partition, error.leader)
      // Once told who leads, it is asked at once.
      if (error.leader === undefined || error.leader === told) await sleep(clock, LEADER_CHECK_MS)
      told = error.leader
    }
  }
}

async function untilLed(leaders: Leaders, clock: Clock, partition: string, loss: Loss): Promise<PartitionLeader> {
  for (let waited = 0; waited < LEADER_WAIT_MS; waited += LEADER_CHECK_MS) {
    const leader = leaders.find(partition)
    if (leader) return leader
    const lost = loss.gone() ?? loss.moved()
    if (lost) throw lost
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

/** The table's global index of that id, as the record has it; undefined if it is gone. */
export function indexOf({ globalIndexes }: TableRecord, id: string): GlobalIndexRecord | undefined {
  return globalIndexes.find(index => index.id === id)
}
