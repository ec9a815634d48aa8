/** A short campaign of triggers and publishing; `npm run triggers` is the long one. */
import test from 'ava'
import { onClusters } from '../helpers/onclusters.ts'
import { runTriggerCampaign } from './triggers/campaign.ts'

onClusters(() => {
  test('every change reaches functions and NATS, in order, through kill -9', async t => {
    const seed = Date.now() % 100_000
    t.log(`seed ${seed}`)
    const report = (line: string) => t.log(line)
    const { changes, delivered } = await runTriggerCampaign({ faults: 1, seed, cluster: false, report })
    t.true(changes > 0 && delivered >= 2 * changes)
  })
})
