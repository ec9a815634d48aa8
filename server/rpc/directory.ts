/** Where partitions are led, and held, as the metadata says: in this process, or in others. */
import type { Leaders, PartitionReader, WholeLeader } from '../cluster/leaders.ts'
import {
  formatOf,
  LEADERS,
  type LeaderRecord,
  NODES,
  type NodeRecord,
  PARTITIONS,
  parseNode,
  parsePartition,
} from '../cluster/records.ts'
import type { Metadata, MetadataChange } from '../metadata/metadata.ts'
import type { Asker } from './client.ts'
import { remoteLeader, remoteReader } from './leader.ts'

export type DirectoryPorts = {
  metadata: Metadata
  client: Asker
  /** Of this process: what need not be the latest is read there, if it can be. */
  zone: string
  /** What is in this process. */
  here: { leader(partition: string): WholeLeader | undefined; replica(partition: string): PartitionReader | undefined }
}

type Remote<T> = { address: string; there: T }

export class Directory implements Leaders {
  readonly #ports: DirectoryPorts
  readonly #nodes = new Map<string, NodeRecord>()
  /** The node that leads, by partition. */
  readonly #leading = new Map<string, string>()
  /** The same as others have told it, until the metadata does. */
  readonly #hints = new Map<string, string>()
  /** The nodes that hold it, by partition. */
  readonly #holding = new Map<string, string[]>()
  readonly #leaders = new Map<string, Remote<WholeLeader>>()
  readonly #readers = new Map<string, Remote<PartitionReader>>()
  #unwatch: (() => void)[] = []

  constructor(ports: DirectoryPorts) {
    this.#ports = ports
  }

  async start(): Promise<void> {
    const { metadata } = this.#ports
    const leading = (value: string) => {
      const record = JSON.parse(value) as LeaderRecord
      return isReady(record) ? record.node : undefined
    }
    const holding = (value: string) => parsePartition(value).replicas
    this.#unwatch = [
      await metadata.watch(NODES, changes => follow(NODES, changes, this.#nodes, parseNode)),
      await metadata.watch(LEADERS, changes => {
        follow(LEADERS, changes, this.#leading, leading)
        for (const { key, entry } of changes)
          if (!entry || isReady(JSON.parse(entry.value) as LeaderRecord)) this.#hints.delete(key.slice(LEADERS.length))
      }),
      await metadata.watch(PARTITIONS, changes => {
        follow(PARTITIONS, changes, this.#holding, holding)
        for (const { key, entry } of changes) if (!entry) this.#forget(key.slice(PARTITIONS.length))
      }),
    ]
  }

  stop(): void {
    for (const unwatch of this.#unwatch) unwatch()
  }

  /** Where other processes ask a storage node; undefined if it does not live. */
  addressOf(node: string): string | undefined {
    return this.#nodes.get(node)?.address
  }

  /** Up to which format the storage nodes that live read logs and files. */
  formats(): Map<string, number> {
    return new Map([...this.#nodes].map(([name, record]) => [name, formatOf(record)]))
  }

  find(partition: string): WholeLeader | undefined {
    const here = this.#ports.here.leader(partition)
    if (here) return here
    const address = this.addressOf(this.#leaderOf(partition) ?? '')
    return address === undefined
      ? undefined
      : remote(this.#leaders, partition, address, this.#ports.client, remoteLeader)
  }

  /** A replica in this process, or in its zone, where the leader is in another. */
  reader(partition: string): PartitionReader | undefined {
    const { here, zone, client } = this.#ports
    const leader = this.#nodes.get(this.#leaderOf(partition) ?? '')
    if (leader?.zone === zone) return undefined
    const own = here.replica(partition)
    if (own) return own
    for (const node of this.#holding.get(partition) ?? []) {
      const record = this.#nodes.get(node)
      if (record?.zone === zone && record.address !== undefined && !client.isSlow(record.address))
        return remote(this.#readers, partition, record.address, client, remoteReader)
    }
    return undefined
  }

  hint(partition: string, node: string | undefined): void {
    if (node === undefined) this.#hints.delete(partition)
    else this.#hints.set(partition, node)
  }

  #leaderOf(partition: string): string | undefined {
    return (this.#hints.size > 0 ? this.#hints.get(partition) : undefined) ?? this.#leading.get(partition)
  }

  #forget(partition: string): void {
    this.#leaders.delete(partition)
    this.#hints.delete(partition)
    this.#readers.delete(partition)
  }
}

function isReady({ epoch }: LeaderRecord): boolean {
  return epoch > 0
}

/** Made once for each address. */
function remote<T>(
  known: Map<string, Remote<T>>,
  partition: string,
  address: string,
  client: Asker,
  make: (client: Asker, address: string, partition: string) => T,
): T {
  let remote = known.get(partition)
  if (remote?.address !== address) known.set(partition, (remote = { address, there: make(client, address, partition) }))
  return remote.there
}

function follow<V>(
  prefix: string,
  changes: MetadataChange[],
  map: Map<string, V>,
  parse: (value: string) => V | undefined,
): void {
  for (const { key, entry } of changes) {
    const value = entry && parse(entry.value)
    if (value === undefined) map.delete(key.slice(prefix.length))
    else map.set(key.slice(prefix.length), value)
  }
}
