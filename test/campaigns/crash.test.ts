/** A short crash campaign; `npm run crash` is the long one. */
import test from 'ava'
import { runCampaign } from './crash/campaign.ts'

test('what was acknowledged survives kill -9, whole, and the indexes with it', async t => {
  const seed = Date.now() % 100_000
  t.log(`seed ${seed}`)
  t.true((await runCampaign({ rounds: 4, seed, report: line => t.log(line) })) > 0)
})
