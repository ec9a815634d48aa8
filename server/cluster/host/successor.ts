/** Who is to lead a partition instead of this node, as its record says. */
import { within } from '../../base/within.ts'
import type { Replica } from '../../replica/replica.ts'
import type { PartitionRecord } from '../records.ts'
import { ANSWER_MS, type AskingPorts } from './furthest.ts'

/** A leader does not hand over to one that has so many entries to apply. */
const NEAR = 500

export class Successor {
  readonly #ports: AskingPorts
  /** The wish that was looked at last: each is, once. */
  #heeded: number | undefined

  constructor(ports: AskingPorts) {
    this.#ports = ports
  }

  /** Undefined if there is none, or if it is not near. `replica`: this node's. */
  async of({ id, lead, replicas }: PartitionRecord, replica: Replica): Promise<string | undefined> {
    const { node, neighbours, clock } = this.#ports
    if (!replica.leader || !lead || lead.since === this.#heeded) return undefined
    this.#heeded = lead.since
    if (lead.node === node || !replicas.includes(lead.node)) return undefined
    const asked = within(clock, ANSWER_MS, neighbours.standings(lead.node, [id]))
    const there = (await asked.catch(() => undefined))?.get(id)
    return there && replica.standing.applied - there.applied <= NEAR ? lead.node : undefined
  }
}
