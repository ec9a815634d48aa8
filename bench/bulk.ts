/**
 * `npm run bench:bulk`: a whole table in and out, in MB of items a second. Every contestant writes it with BatchWriteItem and
 * reads it with Scan; who can, exports and imports it. They take turns, so compare the ratios. bench/README.md says more.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { prepareExports, remove, WAYS, type Way } from './bulk/ways.ts'
import { Refusal } from './client.ts'
import { dismiss, FLOOR, gather, launch, NAMES, type Running } from './contestants.ts'
import { isPinned } from './process.ts'
import { table as printed } from './report.ts'
import { median } from './statistics.ts'
import { tableOf } from './workload.ts'

const { values } = parseArgs({
  options: {
    contestants: { type: 'string', default: NAMES.filter(name => name !== FLOOR.name).join() },
    items: { type: 'string', default: '50000' },
    bytes: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '3' },
    disk: { type: 'string' },
    /** Where bulk.md goes. */
    out: { type: 'string' },
  },
})
const table = tableOf(Number(values.items), Number(values.bytes))
const rounds = Number(values.rounds)
const ways = Object.keys(WAYS) as Way[]
const running: Running[] = []
/** MB a second of each round, by contestant and way. */
const speeds = new Map<string, number[]>()

try {
  await main()
} finally {
  await dismiss(running)
}

async function main(): Promise<void> {
  if (!isPinned()) console.log('this system can not give servers and load a core each: the figures say little')
  for (const contestant of await gather(values.contestants.split(','), line => console.log(line)))
    running.push(await launch(contestant, 1, values.disk))
  console.log(`${rounds} rounds, ${table.items} items of ${table.bytes} bytes`)
  for (let round = 1; round <= rounds; round++) for (const server of running) await turn(server, round)
  const text = report()
  console.log(`\n${text}`)
  if (values.out === undefined) return
  await mkdir(values.out, { recursive: true })
  await writeFile(join(values.out, 'bulk.md'), `${text}\n`)
}

async function turn(server: Running, round: number): Promise<void> {
  const isAble = await timed(server, 'BatchWriteItem', round)
  if (isAble) await timed(server, 'Scan', round)
  const exports = await prepareExports(server, table).then(
    () => true,
    error => {
      if (!(error instanceof Refusal)) throw error
      if (round === 1) console.log(`${server.name} does not export: ${error.message}`)
      return false
    },
  )
  if (exports && (await timed(server, 'export', round))) await timed(server, 'import', round)
  await remove(server.port, table.name)
}

/** False, and a line, if the server can't. */
async function timed(server: Running, way: Way, round: number): Promise<boolean> {
  const label = `round ${round}, ${server.name}, ${way}`
  const begin = performance.now()
  let shown = begin
  const progress = (items: number) => {
    if (performance.now() - shown < 1000) return
    shown = performance.now()
    console.log(`${label}: ${Math.round((100 * items) / table.items)} %`)
  }
  try {
    await WAYS[way](server, table, progress)
  } catch (error) {
    console.log(`${label}: ${(error as Error).message}`)
    return false
  }
  const speed = (table.items * table.bytes) / 1e6 / ((performance.now() - begin) / 1000)
  console.log(`${label}: ${speed.toFixed(1)} MB/s`)
  const key = `${server.name} ${way}`
  speeds.set(key, [...(speeds.get(key) ?? []), speed])
  return true
}

/** Medians, and how much faster the ways of the row are than doing it by requests. */
function report(): string {
  const of = (name: string, way: Way) => median(speeds.get(`${name} ${way}`) ?? [])
  const figure = (value: number) => (Number.isNaN(value) ? '-' : value.toFixed(1))
  const lines = running.map(({ name }) => [
    name,
    ...ways.map(way => figure(of(name, way))),
    figure(of(name, 'export') / of(name, 'Scan')),
    figure(of(name, 'import') / of(name, 'BatchWriteItem')),
  ])
  return printed(['MB/s', ...ways, 'export of Scan', 'import of BatchWriteItem'], lines)
}
