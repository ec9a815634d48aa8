/** A process that is its whole cluster: a server and one storage node, on local files. */
import { onOneNode } from '../cluster/placement.ts'
import { DEFAULT_POOL } from '../cluster/records.ts'
import type { LogStore } from '../log/log.ts'
import { noNeighbours } from '../replica/standing.ts'
import { FORMAT } from '../store/format.ts'
import { partitionMetrics } from '../telemetry/nodemetrics.ts'
import { type BaseOptions, openBase, type RunningNode } from './base.ts'
import { memoryDisk, openDisk } from './disk.ts'
import { Ending, orEnd } from './ending.ts'
import { holdPartitions, peersOf } from './holding.ts'
import { type PublishOptions, toNats } from './nats.ts'
import { type ServingOptions, serveApi } from './serving.ts'

const NODE = 'local'
const INDEX_WAIT_MS = 1000

export type NodeOptions = BaseOptions &
  ServingOptions & {
    /** Of a new table, and of each of its global indexes. */
    partitions: number
    /** How often expired items are looked for, in milliseconds. */
    sweepMs?: number
    /** Where the changes of streams go. */
    publish?: PublishOptions
    /** Comes between the node and its log: a test may end the process at an entry of its choice. */
    aroundLogs?: (logs: LogStore) => LogStore
  }

/** Errors: OperatorError. */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const { dataDir, logger, sweepMs, publish, aroundLogs } = options
  const { metadata, ...ground } = dataDir === undefined ? memoryDisk() : await openDisk(dataDir, logger)
  if (aroundLogs) ground.logs = aroundLogs(ground.logs)
  const ending = new Ending()
  return orEnd(ending, async () => {
    const base = await openBase(options, metadata, ending)
    const find = (partition: string) => host.leader(partition)
    const formats = () => new Map([[NODE, FORMAT]])
    const holding = holdPartitions(
      base,
      ground,
      { node: NODE, find, neighbours: noNeighbours, formats, sweepMs, publish: await toNats(base, publish) },
      ending,
    )
    const { host, sources } = holding
    await holding.start({ node: NODE, zone: NODE, pool: DEFAULT_POOL, role: 'storage' })
    const ports = {
      leaders: { find },
      peers: peersOf(base, find),
      placement: onOneNode(NODE, options.partitions),
      indexWaitMs: INDEX_WAIT_MS,
      keeping: {
        placement: { pool: DEFAULT_POOL, replicas: 1, partitions: options.partitions },
        repairAfterMs: Number.MAX_SAFE_INTEGER,
      },
      reporters: { report: async () => host.report() },
    }
    const metrics = (tables: Parameters<typeof partitionMetrics>[0]['tables']) =>
      partitionMetrics({ ...sources, tables })
    return { endpoint: await serveApi(base, options, { ...ports, metrics }, ending), close: () => ending.run() }
  })
}
