/** Servers and storage nodes in the test's own process, which talk as if each was in its own: only the ground is shared. */
import { type Logger, silent } from '../../server/base/logger.ts'
import { systemRandom } from '../../server/base/random.ts'
import type { LogStore } from '../../server/log/log.ts'
import { MemoryLogStore } from '../../server/log/memory.ts'
import { LocalMetadata } from '../../server/metadata/local/local.ts'
import type { Metadata } from '../../server/metadata/metadata.ts'
import type { RunningNode } from '../../server/node/base.ts'
import { type ServerOptions, startServer } from '../../server/node/server.ts'
import { type RunningStorage, type StorageOptions, startStorage } from '../../server/node/storage.ts'
import { noCheckpointer } from '../../server/store/checkpointer.ts'

export type World = {
  metadata: Metadata
  /** Starts a storage node in a zone of its own; it ends with the world, or before. */
  storage(node: string, options?: Partial<StorageOptions>): Promise<RunningStorage>
  server(options?: Partial<ServerOptions>): Promise<RunningNode>
  close(): Promise<void>
}

/** An empty one. */
export function makeWorld(logger: Logger = silent): World {
  const metadata = new LocalMetadata(':memory:', systemRandom)
  const logs = new MemoryLogStore()
  const running: RunningNode[] = []
  const defaults = { host: '127.0.0.1', port: 0, region: 'us-east-1', logger }
  const started = async <T extends RunningNode>(starting: Promise<T>): Promise<T> => {
    const node = await starting
    running.push(node)
    return node
  }
  return {
    metadata,
    storage(node, options) {
      const place = { node, zone: `zone of ${node}`, rpcHost: '127.0.0.1', rpcPort: 0 }
      const ground = { checkpointer: noCheckpointer, folder: undefined, seen: undefined }
      const shared = { metadata: lent(metadata), logs: lentLogs(logs) }
      return started(startStorage({ ...defaults, ...place, ...options }, { ...ground, ...shared }))
    },
    server(options) {
      const growth = { splitBytes: Number.POSITIVE_INFINITY, splitRate: 0 }
      const settings = { zone: 'elsewhere', partitions: 1, replicas: 3, dataDir: undefined, ...growth }
      return started(startServer({ ...defaults, ...settings, ...options }, lent(metadata)))
    },
    async close() {
      for (const node of running.reverse()) await node.close()
      await metadata.close()
    },
  }
}

/** A process that closes its own closes nobody else's. */
function lent(metadata: Metadata): Metadata {
  return {
    get: key => metadata.get(key),
    list: prefix => metadata.list(prefix),
    commit: commit => metadata.commit(commit),
    watch: (prefix, listener) => metadata.watch(prefix, listener),
    lease: () => metadata.lease(),
    close: async () => {},
  }
}

function lentLogs(logs: LogStore): LogStore {
  return {
    open: (partition, base) => logs.open(partition, base),
    drop: partition => logs.drop(partition),
    partitions: () => logs.partitions(),
    size: () => logs.size(),
    close: async () => {},
  }
}
