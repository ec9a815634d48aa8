/** A short campaign of faults on real processes; `npm run faults` is the long one. */
import test from 'ava'
import { freePorts } from '../../scripts/cluster/ports.ts'
import { onClusters } from '../helpers/onclusters.ts'
import { runFaultCampaign } from './faults/campaign.ts'
import { BUGS, plant } from './faults/planted.ts'

test('the sources have a place for each bug that `npm run faults -- --plant all` puts in', async t => {
  for (const bug of Object.values(BUGS)) {
    const { remove } = await plant(bug)
    await remove()
  }
  t.true(Object.keys(BUGS).length > 0)
})

onClusters(() => {
  test('nothing acknowledged is lost, and nothing answered wrong, while storage nodes die, leave and stand still', async t => {
    t.timeout(300_000, 'half a minute where nothing else runs')
    const [seed, port] = [Date.now() % 100_000, await freePorts(60)]
    t.log(`seed ${seed}`)
    const faults = ['kill-leader', 'terminate', 'freeze']
    const sights = await runFaultCampaign({
      port,
      log: 'jetstream',
      faults,
      seed,
      report: line => t.log(line),
      tidy: true,
      paceMs: 60,
    })
    t.deepEqual(
      sights.map(({ fault, wrong }) => ({ fault, wrong })),
      faults.map(fault => ({ fault, wrong: undefined })),
    )
    for (const { requests } of sights) t.true(requests > 10)
  })
})
