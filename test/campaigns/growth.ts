/** `npm run growth -- --partitions 64 --seed 1`: a table from one partition to many, and back, under clients; some minutes. */
import { parseArgs } from 'node:util'
import { freePorts } from '../../scripts/cluster/ports.ts'
import { runGrowth } from './growth/campaign.ts'

const { values } = parseArgs({
  options: {
    partitions: { type: 'string', default: '64' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    port: { type: 'string' },
    /** Seconds, of each time of rest, and at most for each way. */
    quiet: { type: 'string', default: '15' },
    patience: { type: 'string', default: '300' },
  },
})
const seconds = (text: string) => Number(text) * 1000
const port = values.port === undefined ? await freePorts(1) : Number(values.port)
const [seed, partitions] = [Number(values.seed), Number(values.partitions)]
console.log(`to ${partitions} partitions and back, seed ${seed}`)
const report = (line: string) => console.log(line)
const times = { quietMs: seconds(values.quiet), patienceMs: seconds(values.patience) }
await runGrowth({ port, partitions, seed, ...times, report })
console.log('all as it must be')
process.exit(0)
