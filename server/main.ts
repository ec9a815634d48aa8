/** The command: reads settings, starts the node, prints where it is, and ends in order. */
import pino from 'pino'
import { OperatorError } from './base/failure.ts'
import { type Config, readConfig } from './config.ts'
import { type RunningNode, startNode } from './node.ts'

const config = readConfig(process.argv)
const logger = pino({ level: config.logLevel, base: { pid: process.pid } }, pino.destination({ fd: 2, sync: true }))

try {
  const node = await startNode({ ...config, logger })
  endOnSignals(node)
  greet(node, config)
} catch (error) {
  if (!(error instanceof OperatorError)) throw error
  console.error(`tavola: ${error.message}`)
  process.exit(1)
}

function greet({ endpoint }: RunningNode, { dataDir, region }: Config): void {
  const place = dataDir === undefined ? 'in memory; nothing is kept' : `durable in ${dataDir}`
  console.log(`Tavola serves the DynamoDB API on ${endpoint} (${place}). Ctrl-C stops it. Try:

  AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local aws dynamodb list-tables --endpoint-url ${endpoint} --region ${region}
`)
}

/** The first signal drains and closes, a second one ends at once: nothing acknowledged is lost either way. */
function endOnSignals(node: RunningNode): void {
  let ending = false
  const end = (signal: NodeJS.Signals) => {
    if (ending) process.exit(signal === 'SIGINT' ? 130 : 143)
    ending = true
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
