/** Which partitions a node holds, as the metadata's records say: each is opened as it comes, and removed as it goes. */
import { persist } from '../../base/persist.ts'
import type { MetadataChange } from '../../metadata/metadata.ts'
import { holdersOf, PARTITIONS, type PartitionRecord, parsePartition, partitionKey } from '../records.ts'
import { Hosted } from './hosted.ts'
import type { HostedPorts } from './ports.ts'
import { REST_MS } from './rests.ts'

/** Changes of records that are seen to in a turn of the event loop. */
const PER_TURN = 8

export class Roster implements Iterable<Hosted> {
  readonly #ports: HostedPorts
  readonly #hosted = new Map<string, Hosted>()
  readonly #going = new Set<string>()
  /** Of those that go, whose records have changed meanwhile. */
  readonly #missed = new Set<string>()
  #taken: Promise<void> = Promise.resolve()
  #closing = false

  constructor(ports: HostedPorts) {
    this.#ports = ports
  }

  [Symbol.iterator](): Iterator<Hosted> {
    return this.#hosted.values()
  }

  get(id: string): Hosted | undefined {
    return this.#hosted.get(id)
  }

  /** Of the partitions' records, in their order. */
  changed(changes: MetadataChange[]): void {
    this.#taken = this.#taken.then(() => this.#take(changes))
  }

  /** Resolves when what has changed so far is seen to; partitions may yet be opening. */
  taken(): Promise<void> {
    return this.#taken
  }

  /** A partition of this node may have gone between a look at the records and the watch of them, which does not tell of it. */
  async dropMissed(record: PartitionRecord): Promise<void> {
    if (this.#hosted.has(record.id)) return
    const isGone = (await this.#ports.metadata.get(partitionKey(record.id))) === undefined
    if (this.#hosted.has(record.id)) return
    this.#hosted.set(record.id, new Hosted(record, this.#ports))
    void this.#drop(record.id, isGone)
  }

  async close(): Promise<void> {
    this.#closing = true
    await Promise.all([...this.#hosted.values()].map(hosted => hosted.close()))
  }

  /** A few in a turn of the event loop, of new ones one: to adopt a schema takes milliseconds, to open a file more. Requests come between. */
  async #take(changes: MetadataChange[]): Promise<void> {
    for (const [i, { key, entry }] of changes.entries()) {
      if (this.#closing) return
      const id = key.slice(PARTITIONS.length)
      const record = entry && parsePartition(entry.value)
      const before = this.#hosted.size
      if (this.#going.has(id)) this.#missed.add(id)
      else if (record && holdersOf(record).includes(this.#ports.node)) this.#assign(record)
      else if (this.#hosted.has(id)) void this.#drop(id, record === undefined)
      if (this.#hosted.size === before && i % PER_TURN > 0) continue
      await new Promise<void>(resolve => this.#ports.clock.soon(resolve))
    }
  }

  #assign(record: PartitionRecord): void {
    let hosted = this.#hosted.get(record.id)
    if (!hosted) this.#hosted.set(record.id, (hosted = new Hosted(record, this.#ports)))
    hosted.assign(record)
  }

  /** Once: what becomes of the partition meanwhile is seen to when it has gone, for then a file at its place is another one. */
  async #drop(id: string, isGone: boolean): Promise<void> {
    this.#going.add(id)
    await this.#hosted.get(id)!.drop(isGone)
    this.#hosted.delete(id)
    await persist(
      this.#ports.clock,
      REST_MS,
      () => this.#closing,
      () => this.#lookAgain(id, isGone),
    )
  }

  async #lookAgain(id: string, isGone: boolean): Promise<void> {
    this.#missed.delete(id)
    const entry = await this.#ports.metadata.get(partitionKey(id))
    if (this.#missed.has(id)) return this.#lookAgain(id, isGone)
    if (!entry && !isGone) await this.#ports.logs.drop(id)
    this.#going.delete(id)
    if (entry) this.changed([{ key: entry.key, entry }])
  }
}
