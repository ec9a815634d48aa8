/** Looks at how the cluster is, all of it at once, and says which tables and pools have changed by that. */
import type { Clock } from '../server/base/clock.ts'
import type { Logger } from '../server/base/logger.ts'
import type { Api } from './dataplane/api.ts'
import type { ClusterState } from './dataplane/state.ts'

/** `zones`: pools that are in other zones now, as their tables show it. */
export type Changed = { tables: string[]; pools: string[]; zones: string[] }

const LOOK_MS = 3000
const FRESH_MS = 1000
/** Lags are shown so finely. */
const MINUTE_MS = 60_000

export class Observer {
  readonly #api: Api
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #changed: (changed: Changed) => void
  #asked: { at: number; state: Promise<ClusterState> } | undefined
  #last = new Map<string, string>()
  #cancel = () => {}
  #isStopped = false

  constructor(api: Api, clock: Clock, logger: Logger, changed: (changed: Changed) => void) {
    this.#api = api
    this.#clock = clock
    this.#logger = logger
    this.#changed = changed
  }

  start(): void {
    void this.#look()
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel()
  }

  /** How it was a moment ago at most; those who ask at once share the answer. Errors: ApiError. */
  state(): Promise<ClusterState> {
    const now = this.#clock.monotonic()
    if (!this.#asked || now - this.#asked.at > FRESH_MS) {
      const state = this.#api.cluster()
      this.#asked = { at: now, state }
      state.catch(() => {
        this.#asked = undefined
      })
    }
    return this.#asked.state
  }

  async #look(): Promise<void> {
    try {
      this.#compare(await this.state())
    } catch (error) {
      this.#logger.debug({ err: error }, 'nobody says how the cluster is')
    }
    if (!this.#isStopped) this.#cancel = this.#clock.after(LOOK_MS, () => void this.#look())
  }

  #compare(state: ClusterState): void {
    const now = digest(state)
    const differing = [...new Set([...now.keys(), ...this.#last.keys()])].filter(
      key => now.get(key) !== this.#last.get(key),
    )
    this.#last = now
    const named = (kind: string) => differing.flatMap(key => (key.startsWith(kind) ? [key.slice(kind.length)] : []))
    const changed = { tables: named('table '), pools: named('pool '), zones: named('zones ') }
    if (!this.#isStopped && differing.length > 0) this.#changed(changed)
  }
}

/** What of the state tables and pools show or wait for, by their names. */
function digest({ nodes, tables, partitions }: ClusterState): Map<string, string> {
  const unled = new Map<string, number>()
  for (const { table, leader } of partitions)
    if (table !== null && leader === null) unled.set(table, (unled.get(table) ?? 0) + 1)
  const pools = Map.groupBy(nodes, ({ pool }) => pool ?? '')
  const texts = new Map<string, string>()
  for (const { name, replicas, publishLagMs = -1 } of tables)
    texts.set(
      `table ${name}`,
      `${replicas.healthy}/${replicas.wanted} ${unled.get(name) ?? 0} ${Math.floor(publishLagMs / MINUTE_MS)}`,
    )
  for (const [pool, own] of pools) {
    const said = own.map(({ name, live, draining, empty, zone, replicas, healthy }) =>
      [name, live, draining, empty, zone, replicas - healthy].join(' '),
    )
    texts.set(`pool ${pool}`, said.sort().join())
    const zones = own.flatMap(({ live, zone }) => (live ? (zone ?? []) : []))
    texts.set(`zones ${pool}`, [...new Set(zones)].sort().join())
  }
  return texts
}
