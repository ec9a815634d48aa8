/** How much each node holds and leads, as it will be when what is under way is done. Pure. */
import type { PartitionRecord } from '../records.ts'
import type { PartitionState } from './situation.ts'

/** The nodes that will hold the partition. */
export function futureOf({ replicas, move }: PartitionRecord): string[] {
  const staying = replicas.filter(node => node !== move?.leaving)
  return move?.joining === undefined ? staying : [...staying, move.joining]
}

export class Loads {
  readonly #held = new Map<string, number>()
  /** By node and table. */
  readonly #ofTable = new Map<string, number>()
  /** Replicas that are on their way there. */
  readonly #joining = new Map<string, number>()

  constructor(partitions: Iterable<PartitionState>) {
    for (const { record } of partitions) this.#count(record, 1)
  }

  held(node: string): number {
    return this.#held.get(node) ?? 0
  }

  joining(node: string): number {
    return this.#joining.get(node) ?? 0
  }

  ofTable(node: string, table: string): number {
    return this.#ofTable.get(`${node} ${table}`) ?? 0
  }

  /** The record is about to be another. */
  replace(before: PartitionRecord, after: PartitionRecord): void {
    this.#count(before, -1)
    this.#count(after, 1)
  }

  #count(record: PartitionRecord, by: number): void {
    const add = (map: Map<string, number>, key: string) => map.set(key, (map.get(key) ?? 0) + by)
    for (const node of futureOf(record)) {
      add(this.#held, node)
      add(this.#ofTable, `${node} ${record.tableId}`)
    }
    if (record.move?.joining !== undefined) add(this.#joining, record.move.joining)
  }
}
