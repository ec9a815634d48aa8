/** `npm run crash -- --rounds 50 --seed 1` */
import { parseArgs } from 'node:util'
import { runCampaign } from './crash/campaign.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '50' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
  },
})
const [rounds, seed] = [Number(values.rounds), Number(values.seed)]
console.log(`crash campaign: ${rounds} rounds, seed ${seed}`)
const acknowledged = await runCampaign({ rounds, seed, report: line => console.log(line) })
console.log(
  `${rounds} kills, ${acknowledged} acknowledged writes, none lost, none half applied, all indexes equal to the table`,
)
