/** A short campaign; `npm run transactions` is the long one. */
import test from 'ava'
import { runTransactionCampaign } from './transactions/campaign.ts'

test('transactions are whole, once, and leave nothing held, wherever the process is killed', async t => {
  const seed = Date.now() % 100_000
  t.log(`seed ${seed}`)
  const { done } = await runTransactionCampaign({ rounds: 5, seed, report: line => t.log(line) })
  t.true(done > 0)
})
