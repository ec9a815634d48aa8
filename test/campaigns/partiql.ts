/**
 * Random statements beside the requests of the API that say the same, on two tables of equal content: items, pages, costs
 * and errors must be equal. `npm run partiql -- --statements 50000 --seed 7`; a seed says the same again.
 */
import { parseArgs } from 'node:util'
import { startTestNode } from '../helpers/node.ts'
import { runCampaign } from './partiql/campaign.ts'

const { values } = parseArgs({
  options: {
    statements: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const seed = Number(values.seed)
console.log(`seed ${seed}`)
const node = await startTestNode({ inMemory: true })
try {
  const statements = Number(values.statements)
  const tally = await runCampaign(node.endpoint, { seed, statements, progress: console.log })
  for (const [verdict, count] of [...tally].sort()) console.log(`${String(count).padStart(7)}  ${verdict}`)
} catch (error) {
  console.error((error as Error).message)
  console.error(`seed ${seed}`)
  process.exitCode = 1
} finally {
  await node.close()
}
