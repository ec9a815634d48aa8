/** The duty that looks how big and how busy the tables' partitions are, and has them split and merged. */
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Random } from '../../base/random.ts'
import type { TableRecord } from '../../model/table.ts'
import type { Tables } from '../cluster.ts'
import type { Leaders } from '../leaders.ts'
import type { Placement } from '../placement.ts'
import { isBusy, isIdle, type Load, nextCuts, type Policy } from './policy.ts'
import { beginResharding, type Cuts } from './resharding.ts'

export type GrowthPorts = {
  tables: Tables
  leaders: Leaders
  placement: Pick<Placement, 'wish'>
  clock: Clock
  random: Random
  logger: Logger
}

/** How many partitions a table keeps, its placement says. */
export type Limits = Omit<Policy, 'partitions'>

/** What was seen of a partition last. */
type Seen = Load & { requests: number; at: number }

const LOOK_MS = 5000
/** A rate is an average over this time, more or less. */
const MEMORY_MS = 60_000

export class Growth {
  readonly #ports: GrowthPorts
  readonly #policy: Limits
  readonly #lookMs: number
  readonly #seen = new Map<string, Seen>()
  #cancel = () => {}
  #stopped = false

  constructor(ports: GrowthPorts, policy: Limits, lookMs = LOOK_MS) {
    this.#ports = ports
    this.#policy = policy
    this.#lookMs = lookMs
  }

  /** May be started again. */
  start(): void {
    this.#stopped = false
    this.#cancel()
    this.#cancel = this.#ports.clock.after(this.#lookMs, () => {
      this.look()
        .catch(error => this.#ports.logger.warn({ err: error }, 'the size of partitions could not be seen'))
        .finally(() => {
          if (!this.#stopped) this.start()
        })
    })
  }

  stop(): void {
    this.#stopped = true
    this.#cancel()
    this.#seen.clear()
  }

  /** Looks at all tables once, and begins what there is to do. */
  async look(): Promise<void> {
    const { tables } = this.#ports
    const all = tables.list().flatMap(name => tables.find(name) ?? [])
    const slices = all.flatMap(({ partitions, globalIndexes }) => [
      ...partitions,
      ...globalIndexes.flatMap(index => index.partitions),
    ])
    const live = new Set(slices.map(({ id }) => id))
    for (const id of this.#seen.keys()) if (!live.has(id)) this.#seen.delete(id)
    for (const table of all) if (table.status === 'ACTIVE' && !table.resharding) await this.#lookAt(table)
  }

  /** One work at a time. */
  async #lookAt(table: TableRecord): Promise<void> {
    const indexes = table.globalIndexes.filter(({ status }) => status === 'ACTIVE')
    const { partitions: least } = await this.#ports.placement.wish(table.name)
    for (const { partitions, id: index } of [{ ...table, id: undefined }, ...indexes]) {
      await Promise.all(partitions.map(({ id }) => this.#see(id)))
      const cuts = nextCuts({ partitions }, this.#seen, { ...this.#policy, partitions: least })
      if (cuts) return this.#begin(table, { ...cuts, index })
    }
  }

  async #begin({ id, name }: TableRecord, cuts: Cuts): Promise<void> {
    const { tables, random, logger } = this.#ports
    const work = cuts.cuts.length === 0 ? 'partitions are merged' : 'a partition is split'
    logger.info({ table: name, partitions: cuts.parents.map(({ id }) => id), cuts: cuts.cuts }, work)
    await tables.change(name, (current, now) =>
      current.id === id ? (beginResharding(current, cuts, () => random.uuid(), now) ?? current) : current,
    )
  }

  /** One that nobody leads just now is as it was. */
  async #see(id: string): Promise<void> {
    const { leaders, clock } = this.#ports
    const statistics = await Promise.resolve(leaders.find(id)?.statistics()).catch(() => undefined)
    if (!statistics) return
    const { bytes, heat, hashes } = statistics
    const at = clock.monotonic()
    const before = this.#seen.get(id) ?? { requests: heat.requests, at, rate: 0, busyMs: 0, idleMs: 0 }
    const passed = at - before.at
    // Another leader counts anew.
    const requests = heat.requests < before.requests ? heat.requests : heat.requests - before.requests
    const share = Math.min(1, passed / MEMORY_MS)
    const rate = passed === 0 ? before.rate : before.rate * (1 - share) + (requests / passed) * 1000 * share
    const busyMs = isBusy(rate, this.#policy) ? before.busyMs + passed : 0
    const idleMs = isIdle(rate, this.#policy) ? before.idleMs + passed : 0
    this.#seen.set(id, { bytes, rate, middle: heat.middle, hashes, busyMs, idleMs, requests: heat.requests, at })
  }
}
