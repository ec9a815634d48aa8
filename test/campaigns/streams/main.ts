/** Tavola, but it looks for expired items often. */
import { silent } from '../../../server/base/logger.ts'
import { readConfig } from '../../../server/config.ts'
import { startNode } from '../../../server/node/embedded.ts'

const config = readConfig(process.argv)
if (config.role !== 'embedded') throw new Error('the campaign runs one process')
const { endpoint } = await startNode({ ...config, logger: silent, sweepMs: 100 })
console.log(`serves on ${endpoint}`)
