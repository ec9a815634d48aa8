/**
 * `npm run bench:zipf`: a few hot keys that move, in a cluster whose partitions are split above a low rate. Partitions and leaderships
 * should settle within minutes of each move, and then stay as they are.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { TavolaCluster } from '../scripts/cluster/tavola.ts'
import { ask } from './client.ts'
import { areActive } from './cluster/world.ts'
import { drop, makeFolder } from './process.ts'
import { crowd } from './zipf/crowd.ts'
import { chartOf, type Look, verdictsOf } from './zipf/report.ts'
import { watcher } from './zipf/watch.ts'

const { values } = parseArgs({
  options: {
    /** Places that the hot keys move to, and minutes at each; then minutes with a tenth of the load. */
    places: { type: 'string', default: '3' },
    minutes: { type: 'string', default: '5' },
    rest: { type: 'string', default: '14' },
    /** Requests a second, and how many of them a partition may get. */
    rate: { type: 'string', default: '400' },
    'split-rate': { type: 'string', default: '60' },
    keys: { type: 'string', default: '5000' },
    skew: { type: 'string', default: '1' },
    port: { type: 'string', default: '27500' },
    out: { type: 'string' },
  },
})
const TABLE = 'Zipf'
const LOOK_MS = 2000
const port = Number(values.port)
const minutes = Number(values.minutes)

const folder = await makeFolder()
const cluster = await TavolaCluster.prepare(
  {
    ...{ port, folder, servers: 1, partitions: 1 },
    environment: { TAVOLA_SPLIT_RATE: values['split-rate'] },
  },
  console.log,
)
await cluster.start()
await ask(port, 'CreateTable', {
  TableName: TABLE,
  BillingMode: 'PAY_PER_REQUEST',
  KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
})
await areActive(port, [TABLE])

const load = await crowd({ port, table: TABLE, keys: Number(values.keys), skew: Number(values.skew) })
const look = watcher(cluster, TABLE, load)
const looks: Look[] = []
const begin = performance.now()
const stages = [
  ...Array.from({ length: Number(values.places) }, (_, place) => ({ place, rate: Number(values.rate), minutes })),
  { place: 0, rate: Number(values.rate) / 10, minutes: Number(values.rest) },
]
let end = begin
for (const { place, rate, minutes } of stages) {
  load.go(place, rate)
  end += minutes * 60_000
  while (performance.now() < end) {
    await sleep(LOOK_MS)
    const seen = { at: (performance.now() - begin) / 60_000, place, rate, ...(await look()) }
    if (seen.partitions !== looks.at(-1)?.partitions) console.log(JSON.stringify(seen))
    looks.push(seen)
  }
}
await load.stop()
await cluster.stop()
await drop(folder)

const verdicts = verdictsOf(looks, minutes)
for (const { holds, what } of verdicts) console.log(`${holds ? 'holds' : 'FAILS'}: ${what}`)
if (values.out) {
  await mkdir(values.out, { recursive: true })
  await writeFile(join(values.out, 'zipf.json'), `${JSON.stringify({ settings: values, verdicts, looks }, null, 1)}\n`)
  await writeFile(join(values.out, 'zipf.svg'), chartOf(looks))
}
process.exit(verdicts.every(({ holds }) => holds) ? 0 : 1)
