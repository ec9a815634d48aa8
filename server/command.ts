/** The command: reads settings, starts the node, prints where it is, and ends in order. */
import pino from 'pino'
import { OperatorError } from './base/failure.ts'
import type { Logger } from './base/logger.ts'
import { type Config, readConfig } from './config.ts'
import type { RunningNode } from './node/base.ts'
import { startNode } from './node/embedded.ts'

const SAME_SIGNAL_MS = 500

/** Resolves once the node serves. */
export async function run(argv: string[]): Promise<void> {
  const config = readConfig(argv)
  const logger = pino({ level: config.logLevel, base: { pid: process.pid } }, pino.destination({ fd: 2, sync: true }))
  try {
    const node = await startNode({ ...config, logger })
    endOnSignals(node, logger)
    greet(node, config)
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    console.error(`tavola: ${error.message}`)
    process.exit(1)
  }
}

function greet({ endpoint }: RunningNode, { dataDir, region }: Config): void {
  const place = dataDir === undefined ? 'in memory; nothing is kept' : `durable in ${dataDir}`
  console.log(`Tavola serves the DynamoDB API on ${endpoint} (${place}). Ctrl-C stops it. Try:

  AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local aws dynamodb list-tables --endpoint-url ${endpoint} --region ${region}
`)
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
