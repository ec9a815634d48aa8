/** A process that is a server: it holds nothing, and asks storage nodes for everything. */
import { overNodes } from '../cluster/placement.ts'
import { DEFAULT_POOL } from '../cluster/records.ts'
import type { Metadata } from '../metadata/metadata.ts'
import { remoteReporters } from '../rpc/neighbours.ts'
import type { Tls } from '../rpc/tls.ts'
import { askingMetrics } from '../telemetry/rpcmetrics.ts'
import { type BaseOptions, openBase, type RunningNode } from './base.ts'
import { Ending, orEnd } from './ending.ts'
import { peersOf } from './holding.ts'
import { openNeighbourhood } from './neighbourhood.ts'
import { type ServingOptions, serveApi } from './serving.ts'

const REPAIR_AFTER_SECONDS = 600

export type ServerOptions = BaseOptions &
  ServingOptions & {
    zone: string
    /** Of a new table, and of each of its global indexes. */
    partitions: number
    /** Of each partition, or as many as there are storage nodes. */
    replicas: number
    /** How long a storage node may be away before its replicas are made anew elsewhere. */
    repairAfterSeconds?: number
    tls?: Tls
    /** See cluster/router.ts. */
    indexWaitMs?: number
  }

/** Closes the metadata when it closes. Errors: OperatorError. */
export async function startServer(options: ServerOptions, metadata: Metadata): Promise<RunningNode> {
  const { zone, tls, replicas, partitions, repairAfterSeconds = REPAIR_AFTER_SECONDS, indexWaitMs = 0 } = options
  const ending = new Ending()
  return orEnd(ending, async () => {
    const base = await openBase(options, metadata, ending)
    const nothing = { leader: () => undefined, replica: () => undefined }
    const { client, directory } = openNeighbourhood(base, { zone, tls, here: nothing }, ending)
    await directory.start()
    const ports = {
      leaders: directory,
      peers: peersOf(base, partition => directory.find(partition)),
      placement: overNodes(metadata, replicas, partitions),
      indexWaitMs,
      keeping: { placement: { pool: DEFAULT_POOL, replicas, partitions }, repairAfterMs: repairAfterSeconds * 1000 },
      reporters: remoteReporters(client),
      metrics: () => askingMetrics(client),
    }
    return { endpoint: await serveApi(base, options, ports, ending), close: () => ending.run() }
  })
}
