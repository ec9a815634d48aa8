/** Where partitions are led, as the metadata says: in this process, or in another. */
import type { Leaders, WholeLeader } from '../cluster/leaders.ts'
import { LEADERS, type LeaderRecord, NODES, type NodeRecord } from '../cluster/records.ts'
import type { Metadata, MetadataChange } from '../metadata/metadata.ts'
import type { RpcClient } from './client.ts'
import { remoteLeader } from './leader.ts'

export type DirectoryPorts = {
  metadata: Metadata
  client: RpcClient
  /** A leader in this process. */
  here(partition: string): WholeLeader | undefined
}

type Remote = { address: string; leader: WholeLeader }

export class Directory implements Leaders {
  readonly #ports: DirectoryPorts
  readonly #nodes = new Map<string, NodeRecord>()
  /** Node that leads, by partition. */
  readonly #leaders = new Map<string, string>()
  readonly #remotes = new Map<string, Remote>()
  #unwatch: (() => void)[] = []

  constructor(ports: DirectoryPorts) {
    this.#ports = ports
  }

  async start(): Promise<void> {
    const { metadata } = this.#ports
    this.#unwatch = [
      await metadata.watch(NODES, changes => {
        follow<NodeRecord>(NODES, changes, this.#nodes, record => record)
      }),
      await metadata.watch(LEADERS, changes => {
        follow<LeaderRecord, string>(LEADERS, changes, this.#leaders, ({ node }) => node)
        for (const { key } of changes) this.#remotes.delete(key.slice(LEADERS.length))
      }),
    ]
  }

  stop(): void {
    for (const unwatch of this.#unwatch) unwatch()
  }

  /** Storage nodes that are alive. */
  nodes(): NodeRecord[] {
    return [...this.#nodes.values()]
  }

  find(partition: string): WholeLeader | undefined {
    return this.#ports.here(partition) ?? this.#remote(partition)
  }

  #remote(partition: string): WholeLeader | undefined {
    const address = this.#nodes.get(this.#leaders.get(partition) ?? '')?.address
    if (address === undefined) return undefined
    const known = this.#remotes.get(partition)
    if (known?.address === address) return known.leader
    const leader = remoteLeader(this.#ports.client, address, partition)
    this.#remotes.set(partition, { address, leader })
    return leader
  }
}

function follow<R, V = R>(prefix: string, changes: MetadataChange[], map: Map<string, V>, kept: (record: R) => V) {
  for (const { key, entry } of changes) {
    if (entry) map.set(key.slice(prefix.length), kept(JSON.parse(entry.value) as R))
    else map.delete(key.slice(prefix.length))
  }
}
