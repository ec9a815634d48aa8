/**
 * What is to be done next about where partitions are, and who leads them: small steps, each a change of one partition's record.
 * Nothing is remembered but what records say, so anybody may go on from any step. Pure.
 */
import type { MoveReason, PartitionRecord } from '../records.ts'
import { dueHandover, urgentHandover } from './handovers.ts'
import { Loads } from './loads.ts'
import { type IsShunned, NEEDS, type Need, type Places } from './needs.ts'
import type { PartitionState, Situation } from './situation.ts'
import { spreadLeaders, spreadReplicas } from './spread.ts'
import { type Advance, advanceHandover, advanceMove } from './underway.ts'

export type Limits = {
  /** Replicas that come, or go, at once. */
  moves: number
  /** Of these, so many may come to one node. */
  movesPerNode: number
  /** Leaders that are asked to hand over at once. */
  handovers: number
}

export const LIMITS: Limits = { moves: 4, movesPerNode: 2, handovers: 1 }

const SPREADING: MoveReason[] = ['zones', 'spread']

/** Changes of who should lead, in one round. */
const ORDERS = 16

export type Step = Advance & { partition: PartitionState }

/** At most one step for each partition. */
export function nextSteps(situation: Situation, limits: Limits, isShunned: IsShunned = () => false): Step[] {
  return new Planning(situation, limits, isShunned).steps()
}

class Planning {
  readonly #situation: Situation
  readonly #limits: Limits
  readonly #places: Places
  readonly #leads: Map<string, number>
  /** As they will be, by id. */
  readonly #partitions: Map<string, PartitionState>
  readonly #steps = new Map<string, Step>()
  #moves = 0
  #handovers = 0

  constructor(situation: Situation, limits: Limits, isShunned: IsShunned) {
    this.#situation = situation
    this.#limits = limits
    const { partitions, nodes } = situation
    this.#partitions = new Map(partitions.map(partition => [partition.record.id, partition]))
    for (const { record } of partitions) this.#count(record, 1)
    this.#leads = new Map(
      [...nodes.keys()].map(node => [node, partitions.filter(({ leader }) => leader === node).length]),
    )
    const loads = new Loads(partitions)
    const isOpen = ({ record }: PartitionState, node: string) =>
      loads.joining(node) < limits.movesPerNode && !isShunned(record.id, node)
    this.#places = { nodes, loads, isOpen, isShunned }
  }

  steps(): Step[] {
    for (const partition of this.#situation.partitions)
      this.#take(partition, advanceHandover(partition, this.#situation) ?? advanceMove(partition, this.#situation))
    this.#handOver(partition => urgentHandover(partition, this.#places.nodes, this.#leads))
    for (const need of NEEDS)
      for (const partition of this.#idle()) if (!this.#isBusy) this.#begin(partition, need(partition, this.#places))
    this.#spread()
    return [...this.#steps.values()]
  }

  /** Only when nothing more urgent is under way. */
  #spread(): void {
    const { nodes } = this.#places
    if (![...this.#partitions.values()].every(({ record: { move } }) => !move || SPREADING.includes(move.why))) return
    while (!this.#isBusy) {
      const best = spreadReplicas(this.#idle(), this.#places)
      if (!best) break
      this.#begin(best.partition, best.need)
    }
    for (let i = 0; i < ORDERS; i++) {
      const order = spreadLeaders([...this.#partitions.values()], nodes)
      if (!order || this.#steps.has(order.partition.record.id)) break
      this.#take(order.partition, { next: order.next, what: `${order.next.replicas[0]} should lead it` })
    }
    this.#handOver(partition => dueHandover(partition, nodes))
  }

  get #isBusy(): boolean {
    return this.#moves >= this.#limits.moves
  }

  /** Those that nothing is done about. */
  #idle(): PartitionState[] {
    return [...this.#partitions.values()].filter(({ record }) => !record.move && !this.#steps.has(record.id))
  }

  #begin(partition: PartitionState, need: Need | undefined): void {
    if (!need) return
    const { joining, leaving, why } = need
    const parts = [joining && `${joining} joins`, leaving && `${leaving} leaves`].filter(part => part !== undefined)
    const next = { ...partition.record, move: { ...need, since: this.#situation.now } }
    this.#take(partition, { next, what: `${parts.join(', ')} (${why})` })
  }

  #handOver(successor: (partition: PartitionState) => string | undefined): void {
    for (const partition of this.#partitions.values()) {
      const { record } = partition
      if (this.#handovers >= this.#limits.handovers) return
      const node = record.lead || this.#steps.has(record.id) ? undefined : successor(partition)
      if (node === undefined || this.#places.isShunned(record.id, node)) continue
      this.#take(partition, {
        next: { ...record, lead: { node, since: this.#situation.now } },
        what: `${node} is to lead it`,
      })
    }
  }

  #take(partition: PartitionState, advance: Advance | undefined): void {
    if (!advance) return
    const { record } = partition
    this.#steps.set(record.id, { ...advance, partition })
    this.#partitions.set(record.id, { ...partition, record: advance.next })
    this.#places.loads.replace(record, advance.next)
    this.#count(record, -1)
    this.#count(advance.next, 1)
  }

  #count({ move, lead }: PartitionRecord, by: number): void {
    if (move) this.#moves += by
    if (lead) this.#handovers += by
  }
}
