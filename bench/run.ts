/**
 * `npm run bench`: Tavola beside the floor, in one run. Servers share one core, the load generator has another; contestants
 * take turns, so that a machine whose speed drifts is fair to both. Compare the ratios, not the figures.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { LoadResult, LoadTask } from './load.ts'
import { OPERATIONS, type Operation } from './workload.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '64' },
    items: { type: 'string', default: '10000' },
  },
})
const rounds = Number(values.rounds)
const settings = {
  seconds: Number(values.seconds),
  warmup: 1,
  connections: Number(values.connections),
  items: Number(values.items),
}

type Contestant = { name: string; port: number; process: ChildProcess }

const path = (file: string) => fileURLToPath(new URL(file, import.meta.url))
const PINNED = process.platform === 'linux'

/** A Node process on one core, where the system can pin. */
function start(core: number, args: string[]): ChildProcess {
  const command = PINNED ? ['taskset', '-c', String(core), process.execPath] : [process.execPath]
  return spawn(command[0]!, [...command.slice(1), ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
}

async function firstOutput(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    child.stdout!.once('data', () => resolve())
    child.once('exit', code => reject(new Error(`a contestant ended with ${code}`)))
  })
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  child.kill()
  await once(child, 'exit')
}

function load(task: LoadTask): LoadResult {
  const command = PINNED ? ['taskset', '-c', '1', process.execPath] : [process.execPath]
  const output = execFileSync(command[0]!, [...command.slice(1), path('./load.ts'), JSON.stringify(task)], {
    encoding: 'utf8',
  })
  return JSON.parse(output) as LoadResult
}

function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!
}

async function bench(contestants: Contestant[]): Promise<Record<string, Record<string, LoadResult>>> {
  const results: Record<string, Record<string, LoadResult[]>> = {}
  for (let round = 0; round < rounds; round++) {
    for (const operation of OPERATIONS) {
      for (const { name, port } of contestants) {
        const { connections, items, seconds, warmup } = settings
        const result = load({ kind: 'run', port, operation, connections, items, seconds, warmup })
        ;((results[operation] ??= {})[name] ??= []).push(result)
      }
    }
  }
  const summary = (list: LoadResult[]): LoadResult => ({
    requests: list.reduce((sum, result) => sum + result.requests, 0),
    perSecond: Math.round(median(list.map(result => result.perSecond))),
    p50: median(list.map(result => result.p50)),
    p99: median(list.map(result => result.p99)),
  })
  return Object.fromEntries(
    Object.entries(results).map(([operation, byName]) => [
      operation,
      Object.fromEntries(Object.entries(byName).map(([name, list]) => [name, summary(list)])),
    ]),
  )
}

function print(results: Record<string, Record<string, LoadResult>>): void {
  console.log('operation        floor/s   tavola/s   of floor   p50 ms   p99 ms')
  for (const operation of OPERATIONS as Operation[]) {
    const { floor, tavola } = results[operation] as { floor: LoadResult; tavola: LoadResult }
    const cells = [
      operation.padEnd(14),
      String(floor.perSecond).padStart(9),
      String(tavola.perSecond).padStart(10),
      (tavola.perSecond / floor.perSecond).toFixed(2).padStart(10),
      tavola.p50.toFixed(2).padStart(8),
      tavola.p99.toFixed(2).padStart(8),
    ]
    console.log(cells.join(' '))
  }
}

const folder = await mkdtemp(join(tmpdir(), 'tavola-bench-'))
const floor = { name: 'floor', port: 18_401, process: start(0, [path('./floor.ts'), '18401']) }
const main = path('../server/main.ts')
const tavola = { name: 'tavola', port: 18_402, process: start(0, [main, '--port', '18402', '--data-dir', folder]) }
try {
  await Promise.all([firstOutput(floor.process), firstOutput(tavola.process)])
  load({ kind: 'fill', port: tavola.port, connections: 8, items: settings.items })
  const results = await bench([floor, tavola])
  print(results)
  console.log(JSON.stringify({ settings, rounds, results }))
} finally {
  await Promise.all([floor, tavola].map(({ process: contestant }) => ended(contestant)))
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}
