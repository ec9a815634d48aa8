/** A short comparison of statements with requests; `npm run partiql` is the long one. */
import test from 'ava'
import { startTestNode } from '../helpers/node.ts'
import { runCampaign } from './partiql/campaign.ts'

test('statements do what the requests of the API do that say the same', async t => {
  const seed = Date.now() % 1_000_000
  t.log(`seed ${seed}`)
  const node = await startTestNode({ inMemory: true })
  t.teardown(() => node.close())
  const tally = await runCampaign(node.endpoint, { seed, statements: 800 })
  for (const verdict of ['select found', 'PutItem done', 'UpdateItem done', 'DeleteItem done', 'batch done']) {
    t.true((tally.get(verdict) ?? 0) > 0, verdict)
  }
})
