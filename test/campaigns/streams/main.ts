/** Tavola, but it looks for expired items often. */
import { silent } from '../../../server/base/logger.ts'
import { readConfig } from '../../../server/config.ts'
import { startNode } from '../../../server/node.ts'

const { endpoint } = await startNode({ ...readConfig(process.argv), logger: silent, sweepMs: 100 })
console.log(`serves on ${endpoint}`)
