/** The command: reads settings, starts the process in its role, prints where it is, and ends in order. */
import pino from 'pino'
import { OperatorError } from './base/failure.ts'
import type { Logger } from './base/logger.ts'
import {
  type AdminConfig,
  type Config,
  type NodeConfig,
  type OperatorConfig,
  readConfig,
  type ServerConfig,
  type StorageConfig,
} from './config.ts'
import type { RunningNode } from './node/base.ts'
import { startNode } from './node/embedded.ts'

const SAME_SIGNAL_MS = 500

/** Resolves once the process serves. */
export async function run(argv: string[]): Promise<void> {
  const config = readConfig(argv)
  const logger = pino({ level: config.logLevel, base: { pid: process.pid } }, pino.destination({ fd: 2, sync: true }))
  try {
    if (isAdmin(config)) return await order(config, logger)
    const node = await start(config, logger)
    endOnSignals(node, logger)
    console.log(greeting(node, config))
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    console.error(`tavola: ${error.message}`)
    process.exit(1)
  }
}

function isAdmin(config: Config): config is AdminConfig {
  return ['status', 'drain', 'undrain'].includes(config.role)
}

function start(config: NodeConfig, logger: Logger): Promise<RunningNode> {
  if (config.role === 'server') return serve(config, logger)
  if (config.role === 'operator') return operate(config, logger)
  return config.role === 'storage' ? store(config, logger) : startNode({ ...config, logger })
}

/** What a cluster needs is loaded by its processes alone. */
async function serve(config: ServerConfig, logger: Logger): Promise<RunningNode> {
  const { openMetadata, readTls } = await import('./node/cluster.ts')
  const { startServer } = await import('./node/server.ts')
  const tls = await readTls(config.tls)
  return startServer({ ...config, tls, logger }, await openMetadata(config, tls))
}

async function store(config: StorageConfig, logger: Logger): Promise<RunningNode> {
  const { openGround, openMetadata, readTls } = await import('./node/cluster.ts')
  const { startStorage } = await import('./node/storage.ts')
  const tls = await readTls(config.tls)
  const metadata = await openMetadata(config, tls)
  const ground = await openGround(config, metadata, tls)
  return startStorage({ ...config, tls, logger }, { ...ground, metadata })
}

async function operate(config: OperatorConfig, logger: Logger): Promise<RunningNode> {
  const { openMetadata, readTls } = await import('./node/cluster.ts')
  const { startOperator } = await import('../operator/operator.ts').catch(missingParts)
  const { podSettingsOf } = await import('../operator/specs/podsettings.ts')
  const { image, imagePullPolicy, etcd, nats = [], log, logReplicas, prefix, region, logLevel } = config
  const { storageTlsSecret: tlsSecret, storagePods } = config
  const pods = podSettingsOf(storagePods)
  const storage = { image, imagePullPolicy, etcd, nats, log, logReplicas, prefix, region, logLevel, tlsSecret, pods }
  const metadata = await openMetadata(config, await readTls(config.tls))
  // One that is not elected any more must not go on with what it was at: it ends, and Kubernetes starts it again.
  const lost = () => process.exit(1)
  return startOperator({ ...config, storage, logger }, { metadata, lost })
}

/** They are a package of their own, which only the operator needs. */
function missingParts(error: NodeJS.ErrnoException): never {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
  throw new OperatorError(
    'The operator needs @kubernetes/client-node, which is not installed: `npm install --prefix operator` does it in a checkout, `npm install @kubernetes/client-node` beside the package.',
    { cause: error },
  )
}

async function order(config: AdminConfig, logger: Logger): Promise<void> {
  const { administer } = await import('./admin.ts')
  process.stdout.write(await administer(config, logger))
}

function greeting({ endpoint }: RunningNode, config: NodeConfig): string {
  if (config.role === 'storage')
    return `Tavola's storage node ${config.node} in ${config.zone} serves. Its health and metrics are on ${endpoint}. Ctrl-C stops it.`
  if (config.role === 'operator')
    return `Tavola's operator waits to be elected, or works. Its health and metrics are on ${endpoint}. Ctrl-C stops it.`
  const { role, dataDir, region } = config
  const place = dataDir === undefined ? 'in memory; nothing is kept' : `durable in ${dataDir}`
  return `Tavola serves the DynamoDB API on ${endpoint} (${role === 'server' ? 'for its cluster' : place}). Ctrl-C stops it. Try:

  AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local aws dynamodb list-tables --endpoint-url ${endpoint} --region ${region}
`
}

/**
 * The first signal drains and closes, a later one ends at once: nothing acknowledged is lost either way. Under npm one Ctrl-C
 * arrives twice, from the terminal and from npm: signals that come together are one.
 */
function endOnSignals(node: RunningNode, logger: Logger): void {
  let first: number | undefined
  const end = (signal: NodeJS.Signals) => {
    if (first !== undefined && performance.now() - first < SAME_SIGNAL_MS) return
    if (first !== undefined) process.exit(signal === 'SIGINT' ? 130 : 143)
    first = performance.now()
    logger.info({ signal }, 'closing')
    node.close().then(
      () => process.exit(0),
      error => {
        logger.error({ err: error }, 'closing failed')
        process.exit(1)
      },
    )
  }
  process.on('SIGINT', end)
  process.on('SIGTERM', end)
}
