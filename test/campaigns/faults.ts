/**
 * `npm run faults -- --rounds 1 --seed 1 --log jetstream --faults kill-leader,terminate --etcd-away 60`
 * `npm run faults -- --plant all`: bugs are put in, and must be caught.
 */
import { parseArgs } from 'node:util'
import { freePorts } from '../../scripts/cluster/ports.ts'
import { inBox, isInBox } from './faults/box.ts'
import { runFaultCampaign } from './faults/campaign.ts'
import { FAULTS } from './faults/faults.ts'
import { BUGS, plant } from './faults/planted.ts'
import { etcdAway } from './faults/quorums.ts'

const PORTS = 60
/** Chance may spare a bug. */
const PLANTED_ROUNDS = 4

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    log: { type: 'string', default: 'jetstream' },
    faults: { type: 'string' },
    /** Seconds. */
    'etcd-away': { type: 'string', default: '20' },
    /** Names, or all. */
    plant: { type: 'string' },
  },
})
const code = isInBox ? undefined : await inBox()
if (code !== undefined) process.exit(code)

const log = values.log === 'etcd' ? 'etcd' : 'jetstream'
const [rounds, seed] = [Number(values.rounds), Number(values.seed)]
etcdAway.ms = Number(values['etcd-away']) * 1000
const report = (line: string) => console.log(line)
process.exit((await (values.plant ? catchPlanted(values.plant) : play())) ? 0 : 1)

/** @returns whether all was as it must be */
async function play(): Promise<boolean> {
  const names = possible(values.faults?.split(',') ?? Object.keys(FAULTS))
  report(`faults on ${log}: ${rounds} rounds of ${names.join(', ')}, seed ${seed}`)
  const faults = Array.from({ length: rounds }, () => names).flat()
  const sights = await runFaultCampaign({ port: await freePorts(PORTS), log, faults, seed, report })
  const wrong = sights.filter(sight => sight.wrong !== undefined)
  report(`${sights.length} faults, ${wrong.length} of them with something wrong`)
  return wrong.length === 0
}

/** @returns whether each was caught */
async function catchPlanted(which: string): Promise<boolean> {
  let spared = 0
  for (const name of which === 'all' ? Object.keys(BUGS) : which.split(',')) {
    const bug = BUGS[name]
    if (!bug) throw new Error(`there is no bug ${name}, but ${Object.keys(BUGS).join(', ')}`)
    const { main, remove } = await plant(bug)
    const faults = Array.from({ length: PLANTED_ROUNDS }, () => possible(bug.faults)).flat()
    const options = { port: await freePorts(PORTS), log: 'jetstream' as const, main, seed, report, tidy: true }
    const sights = await runFaultCampaign({ ...options, faults, untilWrong: true })
    await remove()
    const caught = sights.find(sight => sight.wrong !== undefined)
    report(caught ? `${name} was caught by ${caught.fault}` : `${name} WAS NOT CAUGHT`)
    if (!caught) spared += 1
  }
  return spared === 0
}

function possible(names: string[]): string[] {
  return names.filter(name => {
    const fault = FAULTS[name]
    if (!fault) throw new Error(`there is no fault ${name}, but ${Object.keys(FAULTS).join(', ')}`)
    const wants = 'it needs Linux namespaces of its own, which root may have'
    if (fault.boxed && !isInBox) report(`${name} is left out: ${wants}`)
    return (!fault.boxed || isInBox) && (fault.log ?? log) === log
  })
}
