/** Which nodes are there, and since when; that one has gone is written down, so that whoever goes on later knows it too. */
import type { Clock } from '../../base/clock.ts'
import type { Metadata } from '../../metadata/metadata.ts'
import { type AbsenceRecord, absenceKey, holdersOf, type NodeRecord } from '../records.ts'
import type { View } from '../view.ts'
import type { Watched } from './situation.ts'

export class Attendance implements Watched {
  readonly #view: View
  readonly #metadata: Metadata
  readonly #clock: Clock
  readonly #steadyMs: number
  readonly #begun: number
  /** Since when each node is there, by the monotonic clock. */
  readonly #since = new Map<string, number>()
  /** The last records of those that were there. */
  readonly #last = new Map<string, NodeRecord>()

  constructor(view: View, { metadata, clock }: { metadata: Metadata; clock: Clock }, steadyMs: number) {
    this.#view = view
    this.#metadata = metadata
    this.#clock = clock
    this.#steadyMs = steadyMs
    this.#begun = clock.monotonic()
  }

  get watchedMs(): number {
    return this.#clock.monotonic() - this.#begun
  }

  isSteady(node: string): boolean {
    const since = this.#since.get(node)
    return since !== undefined && this.#clock.monotonic() - since >= this.#steadyMs
  }

  /** Writes down who has gone and who is back. Errors: MetadataUnavailable. */
  async note(): Promise<void> {
    const { nodes, absences, partitions } = this.#view
    for (const [name, node] of nodes) {
      if (!this.#since.has(name)) this.#since.set(name, this.#clock.monotonic())
      this.#last.set(name, node)
    }
    for (const name of this.#since.keys()) if (!nodes.has(name)) this.#since.delete(name)
    const named = new Set([...partitions.values()].flatMap(({ record }) => holdersOf(record)))
    const away = [...named].filter(name => !nodes.has(name) && !absences.has(name))
    const back = [...absences.keys()].filter(name => nodes.has(name) || !named.has(name))
    for (const name of away) {
      const key = absenceKey(name)
      const { zone, pool } = this.#last.get(name) ?? {}
      const absence: AbsenceRecord = { since: this.#clock.now(), zone, pool }
      await this.#metadata.commit({ guards: [{ key, version: 0 }], puts: [{ key, value: JSON.stringify(absence) }] })
    }
    if (back.length > 0) await this.#metadata.commit({ guards: [], deletes: back.map(absenceKey) })
  }
}
