/**
 * `npm run bench:growth`: what growth costs, as plots: throughput and p99 against the size of the table, the size of the items,
 * connections and partitions. Every point takes turns with the floor, so that a drift of the machine shows.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { cellOf } from './cells.ts'
import { dismiss, FLOOR, launch, type Running } from './contestants.ts'
import { fetchedMb, readAll } from './disk.ts'
import { chartOf, figuresOf, type Pair, sectionOf } from './growth/report.ts'
import { LIMITS, type Sweep, starter, sweepsOf } from './growth/sweeps.ts'
import { takeTurns } from './turns.ts'

const FULL_TABLE = 5_000_000

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'docs/growth' },
    /** Goes on to a table of 5 million items: about 10 GB of disk. */
    full: { type: 'boolean', default: false },
    only: {
      type: 'string',
      default: sweepsOf(LIMITS)
        .map(({ name }) => name)
        .join(),
    },
    'table-sizes': { type: 'string' },
    'item-sizes': { type: 'string' },
    connections: { type: 'string' },
    partitions: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '1' },
    disk: { type: 'string' },
  },
})
const rounds = Number(values.rounds)
const limits = {
  tableSizes: list(values['table-sizes']) ?? [...LIMITS.tableSizes, ...(values.full ? [FULL_TABLE] : [])],
  itemSizes: list(values['item-sizes']) ?? LIMITS.itemSizes,
  connections: list(values.connections) ?? LIMITS.connections,
  partitions: list(values.partitions) ?? LIMITS.partitions,
}
const chosen = values.only.split(',')
const sweeps = sweepsOf(limits).filter(({ name }) => chosen.includes(name))
if (sweeps.length !== chosen.length) throw new Error(`--only takes some of ${sweepsOf(limits).map(({ name }) => name)}`)

await mkdir(values.out, { recursive: true })
const sections: string[] = []
const figures: Record<string, object> = {}
for (const sweep of sweeps) {
  console.error(sweep.title)
  const pairs = await run(sweep)
  figures[sweep.name] = figuresOf(pairs)
  sections.push(sectionOf(sweep, figuresOf(pairs), pairs))
  console.log(`\n${sections.at(-1)}`)
  await writeFile(join(values.out, `${sweep.name}.svg`), chartOf(sweep, figuresOf(pairs)))
}
const made = { when: new Date().toISOString(), rounds, seconds: Number(values.seconds), node: process.version, figures }
await writeFile(join(values.out, 'growth.json'), `${JSON.stringify(made, null, 2)}\n`)
await writeFile(
  join(values.out, 'report.md'),
  `# What growth costs\n\nMade by \`npm run bench:growth\`, ${made.when}.\n\n${sections.join('\n\n')}\n`,
)

async function run(sweep: Sweep): Promise<Pair[]> {
  const running: Running[] = []
  try {
    const floor = await launch(FLOOR)
    running.push(floor)
    const points = await sweep.points(starter(running, values.disk))
    const pairs = sweep.operations.flatMap(operation =>
      points.map(({ x, port, table, connections }) => {
        const task = { table, operation, connections, seconds: Number(values.seconds), warmup: 0.3 }
        const [ofFloor, ofTavola] = [
          cellOf('floor', { ...task, port: floor.port }),
          cellOf('tavola', { ...task, port }),
        ]
        return { x, operation, floor: ofFloor, tavola: ofTavola }
      }),
    )
    const fetched = () => running.reduce((sum, { process }) => sum + (fetchedMb(process.pid!) ?? 0), 0)
    const before = fetched()
    const cells = pairs.flatMap(pair => [pair.floor, pair.tavola])
    for (let round = 0; round < rounds; round++) {
      // Some systems take memory back from files that rest for a minute: the disk would be measured then.
      for (const { folder } of running) await readAll(folder)
      await takeTurns(cells, 1)
    }
    console.error(`fetched from the disk meanwhile: ${(fetched() - before).toFixed(0)} MB`)
    return pairs
  } finally {
    await dismiss(running)
  }
}

function list(text: string | undefined): number[] | undefined {
  return text?.split(',').map(Number)
}
