/**
 * The composition root: wires ports to adapters. Here alone it is decided whether a process is its whole cluster or a part
 * of one; nothing further inside knows.
 */
import { constants, existsSync } from 'node:fs'
import { access, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { contributorInsightsReport } from './api/insights/report.ts'
import { operations } from './api/operations.ts'
import { convertItem } from './api/shape/attribute-value.ts'
import { type BackupServices, backupServices } from './backup/services.ts'
import { systemClock } from './base/clock.ts'
import { OperatorError } from './base/failure.ts'
import type { Logger } from './base/logger.ts'
import { systemRandom } from './base/random.ts'
import { untraced } from './base/tracer.ts'
import { Catalog } from './cluster/catalog.ts'
import type { Cluster } from './cluster/cluster.ts'
import { Elected, LIFECYCLE_DUTY } from './cluster/elected.ts'
import { PartitionHost } from './cluster/host.ts'
import { Insights } from './cluster/insights.ts'
import { indexPartitions, peers } from './cluster/leaders.ts'
import { Leasing } from './cluster/leasing.ts'
import { Lifecycle } from './cluster/lifecycle.ts'
import { Membership } from './cluster/membership.ts'
import { onOneNode } from './cluster/placement.ts'
import { partitionKey } from './cluster/records.ts'
import { Router } from './cluster/router.ts'
import { Routes } from './cluster/routes.ts'
import { TokenDirectory } from './cluster/tokens.ts'
import { Coordinator } from './cluster/transactions.ts'
import { Upkeep } from './cluster/upkeep.ts'
import { WatchedItems } from './cluster/watched.ts'
import { type AppOptions, createApp } from './http/app.ts'
import { createServer, type HttpServer } from './http/server.ts'
import { LocalLogStore } from './log/local/local.ts'
import type { LogStore } from './log/log.ts'
import { MemoryLogStore } from './log/memory.ts'
import { LocalMetadata } from './metadata/local/local.ts'
import type { Metadata } from './metadata/metadata.ts'
import { FolderBuckets, FolderObjectStore } from './objects/folder.ts'
import { MemoryBuckets, MemoryObjectStore } from './objects/memory.ts'
import type { Buckets, ObjectStore } from './objects/objects.ts'
import { S3Buckets, S3Connection, S3ObjectStore } from './objects/s3/s3.ts'
import { noNeighbours } from './replica/standing.ts'
import { type Checkpointer, noCheckpointer, ThreadCheckpointer } from './store/checkpointer.ts'
import { type NodeSources, nodeMetrics } from './telemetry/nodemetrics.ts'
import { requestMetrics } from './telemetry/requestmetrics.ts'
import { scraper } from './telemetry/scrape.ts'
import { Telemetry } from './telemetry/telemetry.ts'
import { startTracing } from './telemetry/tracing.ts'

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
  /** Place of backups, `file:///folder` or `s3://bucket/prefix`; undefined for one in the data folder. */
  backupStore?: string
  /** Place of the buckets of exports and imports, `file:///folder` or `s3:`; undefined likewise. */
  buckets?: string
  /** Undefined for AWS's own. */
  s3Endpoint?: string
  /** Undefined for `region`. */
  s3Region?: string
  /** Send traces, as the OTEL_* variables say. */
  traces?: boolean
  logger: Logger
  /** Comes between the node and its log: a test may end the process at an entry of its choice. */
  aroundLogs?: (logs: LogStore) => LogStore
}

export type RunningNode = {
  /** `http://127.0.0.1:8000` */
  endpoint: string
  /** Ends requests under way, makes everything durable, and lets go of the data folder. */
  close(): Promise<void>
}

/** What the data folder holds, opened. `seen`: what is measured of it. */
type Disk = {
  metadata: Metadata
  logs: LogStore
  checkpointer: Checkpointer
  folder: string | undefined
  seen: NodeSources['disk']
}

/** Starts a server and a storage node in this process. Errors: OperatorError. */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const { logger, region } = options
  const disk = options.dataDir === undefined ? memoryDisk() : await openDisk(options.dataDir, logger)
  const { metadata, checkpointer } = disk
  const logs = options.aroundLogs?.(disk.logs) ?? disk.logs
  const clock = systemClock
  const tracer = options.traces ? await startTracing(logger) : undefined
  const leasing = new Leasing(metadata, clock, logger)
  const membership = new Membership({ metadata, leasing, clock, logger }, { node: NODE, zone: NODE, role: 'storage' })
  const indexes = indexPartitions(partition => host.leader(partition))
  const leaders = { find: (partition: string) => host.leader(partition) }
  const exists = async (partition: string) => (await metadata.get(partitionKey(partition))) !== undefined
  const others = peers(partition => host.leader(partition), exists)
  const storage = { ...disk, logs, leasing, indexes, peers: others, neighbours: noNeighbours }
  const host = new PartitionHost({ node: NODE, ...storage, clock, tracer: tracer ?? untraced, logger })
  const realm = { account: ACCOUNT, region }
  const placement = onOneNode(NODE, options.partitions)
  const catalog = new Catalog({ metadata, leaders, clock, random: systemRandom }, realm, placement)
  const tokens = new TokenDirectory({ metadata, leaders, clock, random: systemRandom, logger }, realm, placement)
  const lifecycle = new Lifecycle(metadata, clock, logger)
  const elected = new Elected({ metadata, leasing, clock, logger }, LIFECYCLE_DUTY, [lifecycle, tokens])
  const upkeep = new Upkeep(() => host.replicas(), logs, clock, logger)
  const closeStorage = async () => {
    elected.stop()
    catalog.stop()
    await upkeep.stop()
    await host.leave()
    await host.close()
    membership.stop()
    await leasing.stop()
    await logs.close()
    await checkpointer.close()
    await metadata.close()
    await tracer?.close()
  }
  try {
    await leasing.start()
    await membership.start()
    await host.start()
    await catalog.start()
    await elected.start()
    let closing = false
    const router = new Router(catalog, leaders, clock, INDEX_WAIT_MS)
    const objects = openObjects(options)
    const backup = backupServices({
      ...{ metadata, tables: catalog, items: router, leaders, ...objects },
      ...{ clock, random: systemRandom, logger, realm, checkJson: convertItem },
    })
    const insights = new Insights(clock)
    const items = new WatchedItems(router, insights)
    const routes = new Routes(catalog, leaders, clock)
    const transactions = new Coordinator({ routes, peers: others, tokens, clock, random: systemRandom })
    const cluster = { tables: catalog, items, transactions, now: () => clock.now(), uuid: () => systemRandom.uuid() }
    const telemetry = new Telemetry(catalog, logger, tracer)
    const sources: NodeSources = {
      tables: catalog,
      replicas: () => host.replicas(),
      leader: partition => host.leader(partition),
      connections: () => server.connections(),
      jobs: () => backup.duty.jobs(),
      untrimmed: () => logs.size(),
      checkpoints: upkeep,
      disk: disk.seen,
    }
    const metrics = scraper([...requestMetrics(telemetry, catalog), ...nodeMetrics(sources)])
    const pages = { '/contributor-insights': contributorInsightsReport(insights) }
    const world = { cluster, backup: backup.services }
    await backup.duty.start()
    const server = await serve(options, { ready: () => !closing, pages, world, telemetry, metrics })
    upkeep.start()
    const close = async () => {
      closing = true
      await server.close()
      await backup.duty.stop()
      await objects.connection.close()
      await closeStorage()
    }
    return { endpoint: endpointOf(server), close }
  } catch (error) {
    await closeStorage()
    throw error
  }
}

type World = { cluster: Cluster; backup: BackupServices }
type Serving = Pick<AppOptions, 'ready' | 'pages' | 'telemetry' | 'metrics'> & { world: World }

async function serve(options: NodeOptions, { world, ...serving }: Serving): Promise<HttpServer> {
  const { host, port, region, logger } = options
  const app = createApp({
    operations,
    streamsOperations: [],
    call: (requestId, _signature, meter) => ({ ...world, region, account: ACCOUNT, requestId, meter }),
    region,
    logger,
    ...serving,
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

/** Where backups go, and the buckets of exports and imports. Nothing is opened before it is used. */
function openObjects({ dataDir, region, backupStore, buckets, s3Endpoint, s3Region = region }: NodeOptions) {
  const connection = new S3Connection({ endpoint: s3Endpoint, region: s3Region })
  const place = (url: string | undefined, folder: string) =>
    url === undefined ? dataDir && join(dataDir, folder) : url.startsWith('file:') && fileURLToPath(url)
  const folder = place(backupStore, 'backups')
  const bucketsFolder = place(buckets, 'buckets')
  const { hostname, pathname } = new URL(backupStore ?? 's3:')
  const inS3 = () => new S3ObjectStore(connection, hostname, pathname.replace(/^\/|\/$/g, '').replace(/.$/, '$&/'))
  const objects: ObjectStore = folder
    ? new FolderObjectStore(folder, systemRandom)
    : backupStore === undefined
      ? new MemoryObjectStore()
      : inS3()
  const opened: Buckets = bucketsFolder
    ? new FolderBuckets(bucketsFolder, systemRandom)
    : buckets === undefined
      ? new MemoryBuckets()
      : new S3Buckets(connection)
  return { objects, buckets: opened, connection }
}

function memoryDisk(): Disk {
  return {
    metadata: new LocalMetadata(':memory:', systemRandom),
    logs: new MemoryLogStore(),
    checkpointer: noCheckpointer,
    folder: undefined,
    seen: undefined,
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
    const logFolder = join(dataDir, 'log')
    const logs = await LocalLogStore.open(logFolder, logger)
    const seen = { folder: dataDir, logFolder, log: logs.activity }
    return { metadata, logs, checkpointer: new ThreadCheckpointer(), folder, seen }
  } catch (error) {
    await metadata.close()
    throw error
  }
}
