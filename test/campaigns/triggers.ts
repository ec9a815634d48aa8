/** `npm run triggers -- --faults 20 --seed 1`; `--cluster` for a whole cluster, instead of one process and a nats-server */
import { parseArgs } from 'node:util'
import { runTriggerCampaign } from './triggers/campaign.ts'

const { values } = parseArgs({
  options: {
    faults: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    cluster: { type: 'boolean', default: false },
  },
})
const [faults, seed] = [Number(values.faults), Number(values.seed)]
console.log(`campaign of triggers and publishing: ${faults} faults, seed ${seed}`)
const report = (line: string) => console.log(line)
const { shards, changes, delivered, dead } = await runTriggerCampaign({ faults, seed, cluster: values.cluster, report })
console.log(
  `${changes} changes of ${shards} shards: ${delivered} records delivered, ${dead} batches given up and told of; on NATS each change once`,
)
process.exit()
