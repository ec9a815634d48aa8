/** A whole Tavola in the test's own process, on a free port. */
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'
import { type Logger, silent } from '../../server/base/logger.ts'
import type { RunningNode } from '../../server/node/base.ts'
import { type NodeOptions, startNode } from '../../server/node/embedded.ts'
import { makeTempFolder } from './temp.ts'
import { makeWorld } from './world.ts'

export type TestNode = {
  endpoint: string
  /** Undefined if it runs in memory. */
  dataDir: string | undefined
  /** A client of the AWS SDK that does not retry, so that a test sees every answer. `close` ends it. */
  client(config?: DynamoDBClientConfig): DynamoDBClient
  /** Ends the node and its clients, and removes the data folder unless it was given. A second call waits for the first. */
  close(): Promise<void>
}

export type TestNodeOptions = Partial<NodeOptions> & { inMemory?: boolean; logger?: Logger }

/**
 * Starts a node on a temporary data folder, or on `dataDir`, or in memory. New tables have as many partitions as
 * TAVOLA_TEST_PARTITIONS says, so that the same tests can run against one and against many; and with TAVOLA_TEST_ROLES, a
 * server answers that has storage nodes behind it.
 */
export async function startTestNode({ inMemory = false, ...options }: TestNodeOptions = {}): Promise<TestNode> {
  const folder = inMemory || options.dataDir !== undefined ? undefined : await makeTempFolder()
  const dataDir = inMemory ? undefined : (options.dataDir ?? folder!.path)
  const partitions = Number(process.env.TAVOLA_TEST_PARTITIONS ?? 1)
  const growth = { splitBytes: Number.POSITIVE_INFINITY, splitRate: 0 }
  const defaults = { host: '127.0.0.1', port: 0, partitions, region: 'us-east-1', logger: silent, ...growth }
  const clients: DynamoDBClient[] = []
  try {
    const start = isApart(options) ? startApart : startNode
    const node = await start({ ...defaults, ...options, dataDir })
    let closing: Promise<void> | undefined
    const close = async () => {
      for (const client of clients) client.destroy()
      await node.close()
      await folder?.remove()
    }
    return {
      endpoint: node.endpoint,
      dataDir,
      client(config) {
        const client = sdkClient(node.endpoint, config)
        clients.push(client)
        return client
      },
      close: () => (closing ??= close()),
    }
  } catch (error) {
    await folder?.remove()
    throw error
  }
}

/** Tests that need no more than an endpoint may ask a server with two storage nodes behind it. */
function isApart({ dataDir, aroundLogs }: TestNodeOptions): boolean {
  return process.env.TAVOLA_TEST_ROLES !== undefined && dataDir === undefined && aroundLogs === undefined
}

async function startApart(options: NodeOptions): Promise<RunningNode> {
  const world = makeWorld(options.logger)
  await Promise.all([
    world.storage('one', { region: options.region }),
    world.storage('two', { region: options.region }),
  ])
  // A test sees its own writes in global indexes.
  const { endpoint } = await world.server({ ...options, replicas: 1, indexWaitMs: 1000 })
  return { endpoint, close: world.close }
}

/** A client of the AWS SDK for any endpoint; the caller destroys it. */
export function sdkClient(endpoint: string, config: DynamoDBClientConfig = {}): DynamoDBClient {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  return new DynamoDBClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1, ...config })
}
