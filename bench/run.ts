/**
 * `npm run bench`: Tavola beside the floor and beside other implementations of the API, in one run. Servers share one core, the
 * load generator has another; contestants take turns. Compare the ratios, not the figures. bench/README.md says more.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Cell, cellOf } from './cells.ts'
import { ask, Refusal } from './client.ts'
import { dismiss, gather, idleMemory, launch, memory, NAMES, type Running } from './contestants.ts'
import { isPinned, load } from './process.ts'
import { requesterOf } from './records.ts'
import { type Cost, costOf, duelsOf, markdown, rowsOf, verdictsOf } from './report.ts'
import { takeTurns } from './turns.ts'
import { OPERATIONS, type Operation, operationOf, tableOf } from './workload.ts'

/** Starts of each contestant, of which the median counts. */
const STARTS = 5
/** Seconds that all turns together take, unless `--seconds` says how long one is; and what each costs besides. */
const BUDGET = 200
const OVERHEAD = 0.4
/** From this share of its core on, the load generator is the limit. */
const BUSY = 0.95

const { values } = parseArgs({
  options: {
    contestants: { type: 'string', default: NAMES.join() },
    operations: { type: 'string', default: Object.keys(OPERATIONS).join() },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string' },
    warmup: { type: 'string', default: '0.4' },
    connections: { type: 'string', default: '64' },
    items: { type: 'string', default: '10000' },
    bytes: { type: 'string', default: '1000' },
    /** The folder under which the contestants keep their data: it chooses the disk. */
    disk: { type: 'string' },
    /** Where results.md and results.json go. */
    out: { type: 'string' },
  },
})
const rounds = Number(values.rounds)
const warmup = Number(values.warmup)
const connections = Number(values.connections)
const benchTable = tableOf(Number(values.items), Number(values.bytes))
const operations = values.operations.split(',').map(operationOf)
const notes: string[] = []
const running: Running[] = []

try {
  await main()
} finally {
  await dismiss(running)
}

async function main(): Promise<void> {
  if (!isPinned()) note('this system can not give servers and load a core each: the figures say little')
  for (const contestant of await gather(values.contestants.split(','), note))
    await orWithout(contestant.name, async () => running.push(await launch(contestant, STARTS, values.disk)))
  const idle = await idleMemory(running)
  for (const { name, port, fills } of [...running])
    if (fills) await orWithout(name, () => load({ kind: 'fill', port, table: benchTable }))
  const { cells, able } = await cellsOf()
  const seconds = Number(values.seconds ?? secondsFor(able.length * rounds))
  note(
    `${rounds} rounds, ${seconds.toFixed(1)} s a turn, ${connections} connections, ${benchTable.items} items of ${benchTable.bytes} bytes`,
  )
  for (const { task } of able) task.seconds = seconds
  await takeTurns(able, rounds, ({ contestant, task }, reason) => {
    const ended = running.find(({ name }) => name === contestant)?.ended()
    note(`${contestant} failed at ${task.operation}: ${reason}${ended ? `; ${ended}` : ''}`)
    return isPeer(contestant)
  })
  for (const { contestant, task, results } of able)
    if (results.some(({ busy }) => busy > BUSY))
      note(`${contestant}, ${task.operation}: the load generator had no time to spare; the server may do more`)
  const loaded = memory(running)
  const costs = running.map(({ name, version, startMs }) => costOf(name, version, startMs, idle, loaded))
  await tell(cells, costs, seconds)
}

function note(line: string): void {
  notes.push(line)
  console.error(line)
}

function isPeer(name: string): boolean {
  return name !== 'floor' && name !== 'tavola'
}

/** Goes on without a peer that fails. Errors: another failed. */
async function orWithout(name: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    const { message } = error as Error
    if (!isPeer(name)) throw new Error(`${name}: ${message}`)
    note(`without ${name}: ${message}`)
    const place = running.findIndex(server => server.name === name)
    if (place >= 0) await dismiss(running.splice(place, 1))
  }
}

/** A cell for every operation and contestant, and those of them that the contestant can do. */
async function cellsOf(): Promise<{ cells: Cell[]; able: Cell[] }> {
  const cells: Cell[] = []
  const able: Cell[] = []
  for (const operation of operations)
    for (const { name, port } of running) {
      const cell = cellOf(name, { port, table: benchTable, operation, connections, seconds: 0, warmup })
      cells.push(cell)
      if (await canDo(name, port, operation)) able.push(cell)
    }
  return { cells, able }
}

/** Errors: it is no peer, and says something else than that it doesn't know the operation. */
async function canDo(name: string, port: number, operation: Operation): Promise<boolean> {
  try {
    await ask(port, operation, (await requesterOf(port, operation, benchTable))(0))
    return true
  } catch (error) {
    const { message } = error as Error
    const unknown = error instanceof Refusal && error.code.startsWith('UnknownOperation')
    if (!isPeer(name) && !unknown) throw new Error(`${name}, ${operation}: ${message}`)
    note(`${name} does not do ${operation}${unknown ? '' : `: ${message}`}`)
    return false
  }
}

/** Seconds of a turn when so many are to fit. */
function secondsFor(turns: number): number {
  return Math.max(0.5, BUDGET / turns - warmup - OVERHEAD)
}

async function tell(cells: Cell[], costs: Cost[], seconds: number): Promise<void> {
  const text = markdown(cells, costs)
  console.log(`\n${text}`)
  if (values.out === undefined) return
  const rows = rowsOf(cells)
  const duels = duelsOf(cells)
  const settings = { rounds, seconds, warmup, connections, ...benchTable }
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version, pinned: isPinned() }
  const when = new Date().toISOString()
  const results = { when, machine, settings, notes, rows, duels, costs, verdicts: verdictsOf(rows, duels, costs) }
  const title = `# Tavola beside others\n\n${when}, ${machine.cores} x ${machine.cpu}, Node ${machine.node}.`
  await mkdir(values.out, { recursive: true })
  await writeFile(
    join(values.out, 'results.md'),
    `${title}\n\n${notes.map(line => `- ${line}`).join('\n')}\n\n${text}\n`,
  )
  await writeFile(join(values.out, 'results.json'), `${JSON.stringify(results, null, 2)}\n`)
}
