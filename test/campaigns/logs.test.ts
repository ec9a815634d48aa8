/** Short fault campaigns for the cluster's logs; `npm run faults:log` is the long one. */
import test from 'ava'
import { onClusters } from '../helpers/onclusters.ts'
import { runLogCampaign } from './logs/campaign.ts'
import { etcdSubject, jetstreamSubject } from './logs/subjects.ts'

onClusters(() => {
  for (const [name, start] of Object.entries({ jetstream: jetstreamSubject, etcd: etcdSubject })) {
    test.serial(
      `nothing acknowledged is lost by the log on ${name} while servers stand still and lose disks`,
      async t => {
        const seed = Date.now() % 100_000
        t.log(`seed ${seed}`)
        const campaign = { subject: await start(), faults: ['freeze' as const, 'wipe' as const], seed }
        const { acknowledged, deposed } = await runLogCampaign({ ...campaign, report: line => t.log(line) })
        t.true(acknowledged > 0 && deposed > 0)
      },
    )
  }
})
