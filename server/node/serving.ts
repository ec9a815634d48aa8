/** A server's part in a process: the API over HTTP, and the cluster's background duties while it is elected for them. */
import { contributorInsightsReport } from '../api/insights/report.ts'
import { operations, streamsOperations } from '../api/operations.ts'
import { convertItem } from '../api/shape/attribute-value.ts'
import { backupServices } from '../backup/services.ts'
import { systemRandom } from '../base/random.ts'
import { Catalog } from '../cluster/catalog.ts'
import { Elected, LIFECYCLE_DUTY } from '../cluster/elected.ts'
import { Growth } from '../cluster/growth/growth.ts'
import type { Policy } from '../cluster/growth/policy.ts'
import { Insights } from '../cluster/insights.ts'
import type { Leaders } from '../cluster/leaders.ts'
import { Lifecycle } from '../cluster/lifecycle.ts'
import { lookAtCluster } from '../cluster/looking.ts'
import { Mover } from '../cluster/moves/mover.ts'
import type { Placement } from '../cluster/placement.ts'
import type { KeeperRecord } from '../cluster/records.ts'
import { Remains } from '../cluster/remains.ts'
import type { Reporters } from '../cluster/report.ts'
import { Router } from '../cluster/router.ts'
import { Routes } from '../cluster/routes.ts'
import { TokenDirectory } from '../cluster/tokens.ts'
import { Coordinator } from '../cluster/transactions.ts'
import { WatchedItems } from '../cluster/watched.ts'
import { createApp } from '../http/app.ts'
import type { Peers } from '../replica/peers.ts'
import { ClusterStreams } from '../streams/streams.ts'
import type { Definition } from '../telemetry/definition.ts'
import { serverMetrics } from '../telemetry/nodemetrics.ts'
import { requestMetrics } from '../telemetry/requestmetrics.ts'
import { scraper } from '../telemetry/scrape.ts'
import { Telemetry } from '../telemetry/telemetry.ts'
import { ACCOUNT, type Base } from './base.ts'
import type { Ending } from './ending.ts'
import { endpointOf, type Listening, listen } from './listening.ts'
import { type ObjectOptions, openObjects } from './objects.ts'

export type ServingOptions = ObjectOptions &
  Listening &
  Omit<Policy, 'partitions'> & {
    /** How often it is looked whether a partition should be split. */
    growthMs?: number
  }

export type ServingPorts = {
  leaders: Leaders
  peers: Peers
  placement: Placement
  /** How long a read of a global index waits for it; see cluster/router.ts. */
  indexWaitMs: number
  /** What storage nodes tell of their replicas. */
  reporters: Reporters
  /** What the cluster's partitions are kept by, while this process is elected for it. */
  keeping: KeeperRecord
  /** What is measured beside the requests. */
  metrics(tables: Catalog): Definition[]
}

/** Resolves, with its endpoint, once it serves. Errors: OperatorError. */
export async function serveApi(
  base: Base,
  options: ServingOptions,
  ports: ServingPorts,
  ending: Ending,
): Promise<string> {
  const { metadata, realm, clock, logger } = base
  const { leaders, peers, placement } = ports
  const shared = { ...base, leaders, random: systemRandom }
  const catalog = new Catalog(shared, realm, placement)
  ending.add(() => catalog.stop())
  await catalog.start()
  const remains = new Remains(metadata, realm, clock, logger)
  ending.add(() => remains.stop())
  await remains.start()
  const tokens = new TokenDirectory(shared, realm, placement)
  const router = new Router(catalog, leaders, clock, ports.indexWaitMs)
  const objects = openObjects(options)
  ending.add(() => objects.connection.close())
  const backup = backupServices({ ...shared, ...objects, tables: catalog, items: router, checkJson: convertItem })
  ending.add(() => backup.duty.stop())
  const growth = new Growth({ ...shared, tables: catalog, placement }, options, options.growthMs)
  const mover = new Mover({ ...base, reporters: ports.reporters }, ports.keeping)
  const lifecycle = new Lifecycle(metadata, placement, clock, logger)
  const duties = [lifecycle, tokens, remains.clearing, backup.duty, growth, mover]
  const elected = new Elected(base, LIFECYCLE_DUTY, duties)
  ending.add(() => elected.stop())
  await elected.start()
  const insights = new Insights(clock)
  const items = new WatchedItems(router, insights)
  const routes = new Routes(catalog, leaders, clock)
  const transactions = new Coordinator({ ...shared, routes, peers, tokens })
  const cluster = { tables: catalog, items, transactions, now: () => clock.now(), uuid: () => systemRandom.uuid() }
  const streams = new ClusterStreams({ tables: catalog, remains, leaders, clock })
  const telemetry = new Telemetry(catalog, logger, base.requests)
  const sources = { connections: () => server.connections(), jobs: () => backup.duty.jobs() }
  const metrics = [...requestMetrics(telemetry, catalog), ...serverMetrics(sources), ...ports.metrics(catalog)]
  const world = { cluster, streams, backup: backup.services, region: realm.region, account: ACCOUNT }
  let closing = false
  const app = createApp({
    operations,
    streamsOperations,
    call: (requestId, _signature, meter) => ({ ...world, requestId, meter }),
    region: realm.region,
    ready: () => !closing,
    cluster: async () => JSON.stringify(await lookAtCluster({ metadata, clock, reporters: ports.reporters })),
    pages: { '/contributor-insights': contributorInsightsReport(insights) },
    telemetry,
    metrics: scraper(metrics),
    logger,
  })
  const server = await listen(app, options)
  ending.add(() => {
    closing = true
    return server.close()
  })
  return endpointOf(server)
}
