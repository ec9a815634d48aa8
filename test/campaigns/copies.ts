/** `npm run copies -- --rounds 30 --seed 1` */
import { parseArgs } from 'node:util'
import { runCopiesCampaign } from './copies/campaign.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
  },
})
const [rounds, seed] = [Number(values.rounds), Number(values.seed)]
console.log(`copies campaign: ${rounds} rounds, seed ${seed}`)
const { done, notBegun } = await runCopiesCampaign({ rounds, seed, report: line => console.log(line) })
console.log(
  `${rounds} kills, ${done} copies as the table was, ${notBegun} that had not begun: none half there, none different`,
)
