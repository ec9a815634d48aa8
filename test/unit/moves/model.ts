/** A cluster that is nothing but its records: nodes come, go and are drained, replicas take their time, steps are taken as planned. */
import { LIMITS, nextSteps, type Step } from '../../../server/cluster/moves/plan.ts'
import type { NodeState, PartitionState, Situation } from '../../../server/cluster/moves/situation.ts'
import { holdersOf, type PartitionRecord } from '../../../server/cluster/records.ts'

export type ModelNode = {
  name: string
  zone: string
  pool: string
  live: boolean
  goneFor: number
  draining: boolean
  format?: number
}

/** Rounds: after which a node is lost, and how long a replica takes to catch up. */
const LOST = 20
const CATCH_UP = 3
/** Milliseconds of a round. */
const ROUND = 1000

export class Model {
  readonly nodes = new Map<string, ModelNode>()
  readonly partitions = new Map<string, PartitionRecord>()
  readonly leaders = new Map<string, string>()
  readonly wish: { pool: string; replicas: number; partitions: number }
  /** By partition and node: how many rounds until it has caught up. */
  readonly #behind = new Map<string, number>()
  /** By partition: healthy replicas, when nothing was under way; what failed since is not counted. */
  readonly #base = new Map<string, number>()
  #now = 1_000_000
  readonly broken: string[] = []

  constructor(wished: number) {
    this.wish = { pool: 'default', replicas: wished, partitions: 1 }
  }

  add(name: string, zone: string, pool = 'default'): void {
    this.nodes.set(name, { name, zone, pool, live: true, goneFor: 0, draining: false })
  }

  place(id: string, tableId: string, replicas: string[]): void {
    this.partitions.set(id, { id, tableId, replicas })
    this.leaders.set(id, replicas[0]!)
    this.#base.set(id, replicas.length)
  }

  kill(name: string): void {
    this.nodes.get(name)!.live = false
    for (const [id, record] of this.partitions) {
      if (this.leaders.get(id) === name) this.#elect(record)
      this.#base.set(id, Math.min(this.#base.get(id)!, this.healthyReplicas(record)))
    }
  }

  revive(name: string): void {
    Object.assign(this.nodes.get(name)!, { live: true, goneFor: 0 })
    for (const [id, record] of this.partitions) {
      if (holdersOf(record).includes(name)) this.#behind.set(`${id} ${name}`, CATCH_UP)
      if (!this.leaders.has(id)) this.#elect(record)
    }
  }

  /** One round, as the mover makes it. @returns the steps that were taken */
  round(): Step[] {
    this.#now += ROUND
    for (const node of this.nodes.values()) if (!node.live) node.goneFor += 1
    for (const [key, left] of this.#behind) {
      const node = this.nodes.get(key.split(' ')[1]!)
      if (node?.live) left > 1 ? this.#behind.set(key, left - 1) : this.#behind.delete(key)
    }
    for (const record of this.partitions.values()) {
      const { id, lead, replicas } = record
      if (lead && this.nodes.get(lead.node)!.live && replicas.includes(lead.node)) this.leaders.set(id, lead.node)
      else if (!this.leaders.has(id)) this.#elect(record)
      if (!record.move) this.#base.set(id, this.healthyReplicas(record))
    }
    const steps = nextSteps(this.situation(), LIMITS)
    for (const step of steps) this.#take(step)
    return steps
  }

  healthyReplicas({ id, replicas }: PartitionRecord): number {
    return replicas.filter(node => this.nodes.get(node)!.live && !this.#behind.has(`${id} ${node}`)).length
  }

  situation(): Situation {
    const nodes = new Map([...this.nodes].map(([name, node]) => [name, this.#nodeState(node)]))
    const partitions = [...this.partitions.values()].map((record): PartitionState => {
      const { id } = record
      const healthy = holdersOf(record).filter(node => this.nodes.get(node)!.live && !this.#behind.has(`${id} ${node}`))
      const shared = { record, version: 1, table: undefined, name: id, wish: this.wish, end: 0 }
      return { ...shared, leader: this.leaders.get(id), healthy: new Set(healthy) }
    })
    return { now: this.#now, nodes, partitions }
  }

  #nodeState({ name, zone, pool, live, goneFor, draining, format }: ModelNode): NodeState {
    const awaySince = live ? undefined : this.#now - goneFor * ROUND
    const told = { address: undefined, format: live ? format : undefined, awaySince }
    return { name, zone, pool, live, ...told, lost: goneFor >= LOST, draining, steady: live }
  }

  #elect({ id, replicas }: PartitionRecord): void {
    const next = replicas.find(node => this.nodes.get(node)!.live)
    if (next) this.leaders.set(id, next)
    else this.leaders.delete(id)
  }

  #take({ partition: { record }, next }: Step): void {
    const { id } = record
    if (this.partitions.get(id) !== record) this.broken.push(`two steps for ${id}`)
    const [before, after] = [this.healthyReplicas(record), this.healthyReplicas(next)]
    if (after < before && after < Math.min(this.#base.get(id)!, this.wish.replicas))
      this.broken.push(`${id} is left with ${after} healthy replicas of ${before}`)
    const leader = this.leaders.get(id)
    if (leader !== undefined && !next.replicas.includes(leader)) this.broken.push(`${id} loses its leader`)
    if (new Set(holdersOf(next)).size !== holdersOf(next).length) this.broken.push(`${id} is twice on a node`)
    for (const node of holdersOf(next))
      if (!holdersOf(record).includes(node)) this.#behind.set(`${id} ${node}`, CATCH_UP)
    this.partitions.set(id, next)
  }
}
