/** `npm run transactions -- --rounds 60 --seed 1` */
import { parseArgs } from 'node:util'
import { runTransactionCampaign } from './transactions/campaign.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
  },
})
const [rounds, seed] = [Number(values.rounds), Number(values.seed)]
console.log(`transactions campaign: ${rounds} rounds, seed ${seed}`)
const { ends, done, refused, audits, replays } = await runTransactionCampaign({
  rounds,
  seed,
  report: line => console.log(line),
})
for (const [step, times] of [...ends].sort()) console.log(`${String(times).padStart(4)} ends at ${step}`)
console.log(
  `${done} requests done, ${refused} refused for others being in the way, ${audits} audits, ${replays} replays: every sum, pair, ledger entry and index as it must be, nothing held`,
)
