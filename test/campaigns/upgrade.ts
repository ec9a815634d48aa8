/** `npm run upgrade -- --from COMMIT --seed 1 --log jetstream`: some minutes of rolling upgrades over three builds, and ways back. */
import { parseArgs } from 'node:util'
import { freePorts } from '../../scripts/cluster/ports.ts'
import { next, ofCommit, own } from './upgrade/builds.ts'
import { runUpgrades } from './upgrade/campaign.ts'

const PORTS = 60
/** The last one whose nodes do not say which formats they read. */
const BEFORE = 'a172177'

const { values } = parseArgs({
  options: {
    from: { type: 'string', default: BEFORE },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    log: { type: 'string', default: 'jetstream' },
    port: { type: 'string' },
  },
})
const log = values.log === 'etcd' ? 'etcd' : 'jetstream'
const seed = Number(values.seed)
const [before, following] = [await ofCommit(values.from), await next()]
console.log(`from ${values.from} by this build to one of the next format, logs in ${log}, seed ${seed}`)
const port = values.port === undefined ? await freePorts(PORTS) : Number(values.port)
const report = (line: string) => console.log(line)
const isRight = await runUpgrades({ port, log, seed, before, now: own, next: following, report })
await Promise.all([before.remove(), following.remove()])
console.log(isRight ? 'all as it must be' : 'not as it must be')
process.exit(isRight ? 0 : 1)
