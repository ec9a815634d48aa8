/** Tavola, but it looks often for expired items, and for partitions to split and merge. */
import { silent } from '../../../server/base/logger.ts'
import { readConfig } from '../../../server/config.ts'
import { startNode } from '../../../server/node/embedded.ts'

const config = readConfig(process.argv)
if (config.role !== 'embedded') throw new Error('the campaign runs one process')
const { endpoint } = await startNode({ ...config, logger: silent, sweepMs: 100, growthMs: 700, idleMs: 3000 })
console.log(`serves on ${endpoint}`)
