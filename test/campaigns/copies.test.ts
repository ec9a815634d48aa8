/** A short campaign; `npm run copies` is the long one. */
import test from 'ava'
import { runCopiesCampaign } from './copies/campaign.ts'

test('restores, exports and imports are what the table was, wherever the process is killed', async t => {
  const seed = Date.now() % 100_000
  t.log(`seed ${seed}`)
  const { done } = await runCopiesCampaign({ rounds: 4, seed, report: line => t.log(line) })
  t.true(done > 0)
})
