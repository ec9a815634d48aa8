/** `npm run faults -- --rounds 1 --seed 1 --log jetstream --faults kill-leader,terminate` */
import { parseArgs } from 'node:util'
import { freePorts } from '../../scripts/cluster/ports.ts'
import { inBox, isInBox } from './faults/box.ts'
import { runFaultCampaign } from './faults/campaign.ts'
import { FAULTS } from './faults/faults.ts'
import { etcdAway } from './faults/quorums.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    log: { type: 'string', default: 'jetstream' },
    faults: { type: 'string' },
    /** Seconds. */
    'etcd-away': { type: 'string', default: '20' },
  },
})
const log = values.log === 'etcd' ? 'etcd' : 'jetstream'
etcdAway.ms = Number(values['etcd-away']) * 1000
const [rounds, seed] = [Number(values.rounds), Number(values.seed)]

const code = isInBox ? undefined : await inBox()
if (code !== undefined) process.exit(code)

const names = (values.faults?.split(',') ?? Object.keys(FAULTS)).filter(name => {
  const fault = FAULTS[name]
  if (!fault) throw new Error(`there is no fault ${name}, but ${Object.keys(FAULTS).join(', ')}`)
  if (fault.boxed && !isInBox)
    console.log(`${name} is left out: it needs Linux namespaces of its own, which root may have`)
  return (!fault.boxed || isInBox) && (fault.log ?? log) === log
})
console.log(`faults on ${log}: ${rounds} rounds of ${names.join(', ')}, seed ${seed}`)
const faults = Array.from({ length: rounds }, () => names).flat()
const sights = await runFaultCampaign({
  port: await freePorts(60),
  log,
  faults,
  seed,
  report: line => console.log(line),
})
const wrong = sights.filter(sight => sight.wrong !== undefined)
console.log(`${sights.length} faults, ${wrong.length} of them with something wrong`)
process.exit(wrong.length > 0 ? 1 : 0)
