/**
 * The composition root: wires ports to adapters. Here alone it is decided whether a process is its whole cluster or a part
 * of one; nothing further inside knows.
 */
import { constants, existsSync } from 'node:fs'
import { access, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { contributorInsightsReport } from './api/insights/report.ts'
import { operations } from './api/operations.ts'
import { type Clock, systemClock } from './base/clock.ts'
import { OperatorError } from './base/failure.ts'
import type { Logger } from './base/logger.ts'
import { type Random, systemRandom } from './base/random.ts'
import { Catalog } from './cluster/catalog.ts'
import type { Cluster, Items } from './cluster/cluster.ts'
import { PartitionHost } from './cluster/host.ts'
import { Insights } from './cluster/insights.ts'
import { indexPartitions } from './cluster/leaders.ts'
import { Lifecycle } from './cluster/lifecycle.ts'
import { Router } from './cluster/router.ts'
import { Upkeep } from './cluster/upkeep.ts'
import { WatchedItems } from './cluster/watched.ts'
import { createApp } from './http/app.ts'
import { createServer, type HttpServer } from './http/server.ts'
import { LocalLogStore } from './log/local/local.ts'
import type { LogStore } from './log/log.ts'
import { MemoryLogStore } from './log/memory.ts'
import { LocalMetadata } from './metadata/local/local.ts'
import type { Metadata } from './metadata/metadata.ts'
import { type Checkpointer, noCheckpointer, ThreadCheckpointer } from './store/checkpointer.ts'

/** The account of AWS's own examples: there is only one here, whatever the access key. */
const ACCOUNT = '123456789012'
const NODE = 'local'
const INDEX_WAIT_MS = 1000

export type NodeOptions = {
  host: string
  port: number
  /** Undefined keeps everything in memory. */
  dataDir: string | undefined
  partitions: number
  region: string
  logger: Logger
}

export type RunningNode = {
  /** `http://127.0.0.1:8000` */
  endpoint: string
  /** Ends requests under way, makes everything durable, and lets go of the data folder. */
  close(): Promise<void>
}

/** What the data folder holds, opened. */
type Disk = { metadata: Metadata; logs: LogStore; checkpointer: Checkpointer; folder: string | undefined }

/** Starts a server and a storage node in this process. Errors: OperatorError. */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const { logger, region } = options
  const disk = options.dataDir === undefined ? memoryDisk() : await openDisk(options.dataDir, logger)
  const { metadata, logs, checkpointer } = disk
  const clock = systemClock
  const lease = await metadata.lease()
  const indexes = indexPartitions(partition => host.leader(partition))
  const host = new PartitionHost({ node: NODE, ...disk, lease, indexes, clock, logger })
  const leaders = { find: (partition: string) => host.leader(partition) }
  const catalog = new Catalog(
    { metadata, leaders, clock, random: systemRandom },
    { account: ACCOUNT, region },
    { node: NODE, partitionsPerTable: options.partitions },
  )
  const lifecycle = new Lifecycle(metadata, clock, logger)
  const upkeep = new Upkeep(() => host.replicas(), logs, clock, logger)
  const closeStorage = async () => {
    lifecycle.stop()
    catalog.stop()
    await upkeep.stop()
    await host.close()
    await logs.close()
    await checkpointer.close()
    await metadata.close()
  }
  try {
    await host.start()
    await catalog.start()
    await lifecycle.start()
    let closing = false
    const router = new Router(catalog, leaders, clock, INDEX_WAIT_MS)
    const insights = new Insights(clock)
    const cluster = clusterOf(catalog, new WatchedItems(router, insights), clock, systemRandom)
    const server = await serve(options, () => !closing, cluster, insights)
    upkeep.start()
    const close = async () => {
      closing = true
      await server.close()
      await closeStorage()
    }
    return { endpoint: endpointOf(server), close }
  } catch (error) {
    await closeStorage()
    throw error
  }
}

function clusterOf(tables: Catalog, items: Items, clock: Clock, random: Random): Cluster {
  return { tables, items, now: () => clock.now(), uuid: () => random.uuid() }
}

async function serve(
  options: NodeOptions,
  ready: () => boolean,
  cluster: Cluster,
  insights: Insights,
): Promise<HttpServer> {
  const { host, port, region, logger } = options
  const app = createApp({
    operations,
    streamsOperations: [],
    pages: { '/contributor-insights': contributorInsightsReport(insights) },
    call: requestId => ({ cluster, region, account: ACCOUNT, requestId }),
    region,
    ready,
    logger,
  })
  const server = createServer(app)
  await new Promise<void>((resolve, reject) => {
    server.node.once('error', error => reject(new OperatorError(listenFailure(error, host, port))))
    server.node.listen(port, host, resolve)
  })
  return server
}

function listenFailure(error: NodeJS.ErrnoException, host: string, port: number): string {
  if (error.code === 'EADDRINUSE') return `Port ${port} on ${host} is in use; choose another one with --port.`
  if (error.code === 'EACCES')
    return `Port ${port} on ${host} needs more rights than this process has; choose another one with --port.`
  return `Cannot listen on ${host} port ${port}: ${error.message}.`
}

function endpointOf({ node }: HttpServer): string {
  const address = node.address()
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port')
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `http://${host}:${address.port}`
}

function memoryDisk(): Disk {
  return {
    metadata: new LocalMetadata(':memory:', systemRandom),
    logs: new MemoryLogStore(),
    checkpointer: noCheckpointer,
    folder: undefined,
  }
}

async function openDisk(dataDir: string, logger: Logger): Promise<Disk> {
  const folder = join(dataDir, 'partitions')
  try {
    await mkdir(folder, { recursive: true })
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new OperatorError(`The data folder ${dataDir} cannot be used: ${(error as Error).message}.`)
  }
  const path = join(dataDir, 'metadata.db')
  // Without it, nobody would know the partitions there are, and they would be cleared away.
  if (!existsSync(path) && (await readdir(folder)).length > 0)
    throw new OperatorError(
      `${path} is missing, though ${folder} holds data: restore it, or choose another data folder.`,
    )
  const metadata = new LocalMetadata(path, systemRandom)
  try {
    const logs = await LocalLogStore.open(join(dataDir, 'log'), logger)
    return { metadata, logs, checkpointer: new ThreadCheckpointer(), folder }
  } catch (error) {
    await metadata.close()
    throw error
  }
}
