/**
 * A partition's leader key, as one node takes, keeps and gives it up. Whoever holds it may lead, for as long as the lease
 * that it is bound to has not run out; nobody else changes it meanwhile.
 */
import type { Lease, Metadata, MetadataEntry } from '../../metadata/metadata.ts'
import { type LeaderRecord, leaderKey, nextKey } from '../records.ts'

/** What is free, or whose. `next`: who should take it first. */
export type Holder = { kind: 'free'; next: string | undefined } | { kind: 'own' } | { kind: 'other'; node: string }

export type Report = Pick<LeaderRecord, 'epoch' | 'schemaVersion' | 'built' | 'closed'>

const NOT_READY: Report = { epoch: 0, schemaVersion: 0, built: [], closed: false }

export class Claim {
  readonly #metadata: Metadata
  readonly #node: string
  readonly #partition: string
  readonly #key: string

  constructor(metadata: Metadata, node: string, partition: string) {
    this.#metadata = metadata
    this.#node = node
    this.#partition = partition
    this.#key = leaderKey(partition)
  }

  /** Errors: MetadataUnavailable, of this and the others. */
  async holder(lease: Lease): Promise<Holder> {
    const entry = await this.#metadata.get(this.#key)
    if (!entry) return { kind: 'free', next: (await this.#metadata.get(nextKey(this.#partition)))?.value }
    const record = recordOf(entry)
    return record.lease === lease.id ? { kind: 'own' } : { kind: 'other', node: record.node }
  }

  /** Takes the key if it is free. @returns whether it is this lease's now. Errors: LeaseLost, too. */
  async take(lease: Lease, next: string | undefined): Promise<boolean> {
    return this.#metadata.commit({
      guards: [{ key: this.#key, version: 0 }],
      puts: [this.#put(lease, NOT_READY)],
      deletes: next === undefined ? [] : [nextKey(this.#partition)],
    })
  }

  /** Of the key, if it is this lease's. */
  async version(lease: Lease): Promise<number | undefined> {
    const entry = await this.#metadata.get(this.#key)
    return entry && recordOf(entry).lease === lease.id ? entry.version : undefined
  }

  /**
   * Takes the key from the leader of that epoch, who gives it away. `version`: the key's, if it has not changed since that one asked.
   * @returns whether it is this lease's now. Errors: LeaseLost, too.
   */
  async takeOver(lease: Lease, epoch: number, version?: number): Promise<boolean> {
    const puts = [this.#put(lease, NOT_READY)]
    if (version !== undefined && (await this.#metadata.commit({ guards: [{ key: this.#key, version }], puts })))
      return true
    while (true) {
      const entry = await this.#metadata.get(this.#key)
      if (!entry || recordOf(entry).epoch !== epoch) return false
      const guards = [{ key: this.#key, version: entry.version }]
      if (await this.#metadata.commit({ guards, puts })) return true
    }
  }

  /** Says how far the leader is. @returns false if the key is not this lease's. Errors: LeaseLost, too. */
  async report(lease: Lease, report: Report): Promise<boolean> {
    while (true) {
      const entry = await this.#metadata.get(this.#key)
      if (!entry || recordOf(entry).lease !== lease.id) return false
      const guards = [{ key: this.#key, version: entry.version }]
      if (await this.#metadata.commit({ guards, puts: [this.#put(lease, report)] })) return true
    }
  }

  /** Gives the key up, if it is this lease's. `next`: who should take it first. */
  async release(lease: Lease, next?: string): Promise<void> {
    while (true) {
      const entry = await this.#metadata.get(this.#key)
      if (!entry || recordOf(entry).lease !== lease.id) return
      const guards = [{ key: this.#key, version: entry.version }]
      const puts = next === undefined ? [] : [{ key: nextKey(this.#partition), value: next }]
      if (await this.#metadata.commit({ guards, puts, deletes: [this.#key] })) return
    }
  }

  #put(lease: Lease, report: Report) {
    const record: LeaderRecord = { node: this.#node, lease: lease.id, ...report }
    return { key: this.#key, value: JSON.stringify(record), lease }
  }
}

function recordOf(entry: MetadataEntry): LeaderRecord {
  return JSON.parse(entry.value) as LeaderRecord
}
