/** `npm run streams -- --rounds 50 --seed 1` */
import { parseArgs } from 'node:util'
import { runStreamCampaign } from './streams/campaign.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '50' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
  },
})
const [rounds, seed] = [Number(values.rounds), Number(values.seed)]
console.log(`campaign of streams and times to live: ${rounds} rounds, seed ${seed}`)
const { changes, expired } = await runStreamCampaign({ rounds, seed, report: line => console.log(line) })
console.log(
  `${rounds} kills, ${changes} changes, ${expired} of them expiries: each once and in order, and together the table`,
)
