/** Who is to lead a partition instead of this node, as its record says. */
import { within } from '../../base/within.ts'
import type { Replica } from '../../replica/replica.ts'
import type { PartitionRecord } from '../records.ts'
import { ANSWER_MS, type AskingPorts } from './furthest.ts'

/** A leader does not hand over to one that has so many entries to apply. */
const NEAR = 500

export type Wished = { node: string } | 'later'

export class Successor {
  readonly #ports: AskingPorts
  /** The wish that was followed last: one that has not helped is not followed again. */
  #heeded: number | undefined

  constructor(ports: AskingPorts) {
    this.#ports = ports
  }

  /** Undefined if there is none; `later` if it does not answer, or is not near. `replica`: this node's. */
  async of({ id, lead, replicas }: PartitionRecord, replica: Replica): Promise<Wished | undefined> {
    const { node, neighbours, clock } = this.#ports
    if (!replica.leader || !lead || lead.since === this.#heeded) return undefined
    if (lead.node === node || !replicas.includes(lead.node)) return undefined
    const asked = within(clock, ANSWER_MS, neighbours.standings(lead.node, [id]))
    const there = (await asked.catch(() => undefined))?.get(id)
    if (!there || there.isStopped || replica.standing.applied - there.applied > NEAR) return 'later'
    this.#heeded = lead.since
    return { node: lead.node }
  }
}
