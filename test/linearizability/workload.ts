/** Requests that make trouble visible: few keys, values that are never put twice, conditions that mostly hold. */
import type { Random } from '../campaigns/random.ts'
import type { Op, Operation, Value } from './history.ts'

export class Workload {
  readonly #choices: Random
  readonly #keys: string[]
  readonly #counters: string[]
  /** What clients last saw there. */
  readonly #seen = new Map<string, Value>()
  #values = 0

  /** `keys` hold texts, `counters` numbers. */
  constructor(choices: Random, keys: string[], counters: string[]) {
    this.#choices = choices
    this.#keys = keys
    this.#counters = counters
  }

  next(): { key: string; op: Op } {
    const choices = this.#choices
    const key = choices.pick([...this.#keys, ...this.#counters])
    if (choices.chance(0.4)) return { key, op: { kind: 'get' } }
    if (this.#counters.includes(key)) return { key, op: { kind: 'add', by: 1 + choices.below(3) } }
    if (choices.chance(0.1)) return { key, op: { kind: 'delete' } }
    const value = `v${++this.#values}`
    if (choices.chance(0.5)) return { key, op: { kind: 'put', value } }
    return { key, op: { kind: 'putIf', expected: this.#seen.get(key), value } }
  }

  /** What came of it, so that conditions mostly hold. */
  heard({ key, op, result }: Operation): void {
    if (result?.kind === 'value') this.#seen.set(key, result.value)
    else if (result?.kind === 'refused' && result.found) this.#seen.set(key, result.found.value)
    else if (result?.kind === 'done') this.#seen.set(key, 'value' in op ? op.value : undefined)
  }
}
