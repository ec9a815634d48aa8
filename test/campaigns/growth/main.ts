/** Tavola, but it looks often for partitions to split and merge. */
import { silent } from '../../../server/base/logger.ts'
import { readConfig } from '../../../server/config.ts'
import { startNode } from '../../../server/node/embedded.ts'

const config = readConfig(process.argv)
if (config.role !== 'embedded') throw new Error('the campaign runs one process')
const { endpoint } = await startNode({ ...config, logger: silent, growthMs: 200, idleMs: 1000 })
console.log(`serves on ${endpoint}`)
