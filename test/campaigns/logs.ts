/** `npm run faults:log -- --faults 20 --seed 1 --log jetstream` */
import { parseArgs } from 'node:util'
import { runLogCampaign } from './logs/campaign.ts'
import { etcdSubject, jetstreamSubject } from './logs/subjects.ts'

const { values } = parseArgs({
  options: {
    faults: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    /** `jetstream` or `etcd`; both without it. */
    log: { type: 'string' },
  },
})
const [faults, seed] = [Number(values.faults), Number(values.seed)]
const subjects = { jetstream: jetstreamSubject, etcd: etcdSubject }
for (const [name, start] of Object.entries(subjects)) {
  if (values.log && values.log !== name) continue
  console.log(`faults of the log on ${name}: ${faults}, seed ${seed}`)
  const campaign = { subject: await start(), faults, seed, report: (line: string) => console.log(line) }
  const { acknowledged, refused, deposed } = await runLogCampaign(campaign)
  console.log(
    `${name}: ${acknowledged} acknowledged entries, none lost or moved; ${deposed} writers deposed, none of them in the way; ${refused} refused`,
  )
}
