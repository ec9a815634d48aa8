/** A short campaign of streams and times to live; `npm run streams` is the long one. */
import test from 'ava'
import { runStreamCampaign } from './streams/campaign.ts'

test('a stream tells every change once, and together they are the table, through kill -9', async t => {
  const seed = Date.now() % 100_000
  t.log(`seed ${seed}`)
  const { changes, expired } = await runStreamCampaign({ rounds: 3, seed, report: line => t.log(line) })
  t.true(changes > 0 && expired > 0)
})
