/** What the bench of a cluster measures; each of these starts a cluster of its own, and ends it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from '../client.ts'
import { dismiss, launch, TAVOLA } from '../contestants.ts'
import type { LoadResult, RunTask } from '../load.ts'
import { cpuMicroseconds, load } from '../process.ts'
import { median } from '../statistics.ts'
import { type BenchTable, createTable, OPERATIONS } from '../workload.ts'
import { logFloor } from './logfloor.ts'
import { measureStops, type Stop } from './stops.ts'
import { appended, areActive, busyShare, startWorld, type World } from './world.ts'

export type Bench = {
  table: BenchTable
  rounds: number
  seconds: number
  connections: number
  /** Of the first of the cluster's hundred. */
  port: number
  disk: string | undefined
}

/** Milliseconds; medians of the rounds. */
export type Light = { p50: number; p99: number }
/** `cpu`: microseconds of servers and storage nodes for a request. */
export type Heavy = { perSecond: number; cpu: number }
export type Side = { light: Light; heavy: Heavy }
export type OperationFigures = { embedded: Side; cluster: Side }

export type NodesFigures = {
  nodes: number
  get: OperationFigures
  put: OperationFigures
  /** Puts that one append to a log carries, with all connections. */
  putsPerAppend: number
  /** Of puts at half of what the cluster can do. */
  halfLoad: Light
  /** What the log alone takes, at the same rates and with the same bytes. */
  floor: { light: Light; halfLoad: Light }
}
/** `idle`: share of a core. */
export type GrowthPoint = { partitions: number; get: Heavy; put: Heavy; idle: number }
export type Figures = {
  nodes: NodesFigures[]
  growth: GrowthPoint[] | undefined
  /** Milliseconds without an acknowledged put after the kill of a storage node. */
  failover: number[] | undefined
  stops: Stop[] | undefined
}

type Target = { port: number; pids(): number[] }

const GET = { operation: 'GetItem', more: { ConsistentRead: true } } as const
const PUT = { operation: 'PutItem' } as const
const WARMUP = 0.5
const PARTITIONS = 3
const STOP_PARTITIONS = 12
/** For leases to be noticed, and the killed node to have everything again. */
const RECOVERY_MS = 8000
const FAILOVER_MS = 30_000

/** Embedded and cluster take turns. */
export async function measureNodes(bench: Bench, nodes: number): Promise<NodesFigures> {
  const embedded = await launch(TAVOLA, 1, bench.disk)
  const world = await startWorld({ port: bench.port, storageNodes: nodes, disk: bench.disk }, bench.table)
  try {
    await load({ kind: 'fill', port: embedded.port, table: bench.table })
    const alone: Target = { port: embedded.port, pids: () => [embedded.process.pid!] }
    const get = await compare(bench, alone, world, GET)
    const before = await appended(world)
    const put = await compare(bench, alone, world, PUT)
    const putsPerAppend = put.requests / ((await appended(world)) - before)
    const rate = put.cluster.heavy.perSecond / 2
    return { nodes, get, put, putsPerAppend, ...(await besideFloor(bench, world, rate)) }
  } finally {
    await world.stop()
    await dismiss([embedded])
  }
}

/** Puts at that rate, and what the log alone takes, in turns. */
async function besideFloor(
  bench: Bench,
  world: World,
  rate: number,
): Promise<Pick<NodesFigures, 'halfLoad' | 'floor'>> {
  const { connections, seconds, table } = bench
  const bare = { bytes: table.bytes, seconds }
  const [puts, alone, half]: [Light[], Light[], Light[]] = [[], [], []]
  for (let round = 0; round < bench.rounds; round++) {
    puts.push(await run(bench, world, { ...PUT, rate, connections }))
    alone.push(await logFloor(world, { ...bare, streams: 1 }))
    half.push(await logFloor(world, { ...bare, streams: PARTITIONS, rate }))
  }
  return { halfLoad: lightOf(puts), floor: { light: lightOf(alone), halfLoad: lightOf(half) } }
}

/** Storage nodes told to stop, of a table with partitions enough for each to lead some. */
export async function stopNodes(bench: Bench, times: number, main?: string): Promise<Stop[]> {
  const { port, disk, table } = bench
  const world = await startWorld({ port, storageNodes: 3, disk, partitions: STOP_PARTITIONS, main }, table)
  try {
    return await measureStops(world, table, times)
  } finally {
    await world.stop()
  }
}

/** CPU per request, and at rest, with the table alone and beside others that nobody asks. */
export async function measureGrowth(bench: Bench, tables: number): Promise<GrowthPoint[]> {
  const world = await startWorld({ port: bench.port, storageNodes: 3, disk: bench.disk }, bench.table)
  try {
    // Code that is not compiled yet costs several times as much.
    await growthPoint(bench, world, PARTITIONS)
    const points = [await growthPoint(bench, world, PARTITIONS)]
    const names = Array.from({ length: tables }, (_, i) => `Idle.${i}`)
    for (const name of names) await ask(world.port, 'CreateTable', createTable({ ...bench.table, name }))
    await areActive(world.port, names)
    points.push(await growthPoint(bench, world, PARTITIONS * (1 + tables)))
    return points
  } finally {
    await world.stop()
  }
}

/** Kills one storage node after the other, each of which leads some of the partitions, while puts go on. */
export async function measureFailover(bench: Bench, times: number): Promise<number[]> {
  const world = await startWorld({ port: bench.port, storageNodes: 3, disk: bench.disk }, bench.table)
  try {
    const gaps: number[] = []
    for (let i = 0; i < times; i++) {
      const node = world.cluster.storage[i % world.cluster.storage.length]!
      const killed = performance.now()
      await node.kill()
      gaps.push(await untilAllServe(bench, world, killed))
      await node.start()
      await sleep(RECOVERY_MS)
    }
    return gaps
  } finally {
    await world.stop()
  }
}

async function compare(bench: Bench, alone: Target, cluster: Target, what: Pick<RunTask, 'operation' | 'more'>) {
  const results = { embedded: rounds(), cluster: rounds() }
  let requests = 0
  for (let round = 0; round < bench.rounds; round++) {
    for (const [name, target] of [['embedded', alone] as const, ['cluster', cluster] as const]) {
      const light = await run(bench, target, { ...what, connections: 1 })
      const heavy = await run(bench, target, { ...what, connections: bench.connections })
      results[name].light.push(light)
      results[name].heavy.push(heavy)
      if (name === 'cluster') requests += light.all + heavy.all
    }
  }
  return { embedded: sideOf(results.embedded), cluster: sideOf(results.cluster), requests }
}

async function growthPoint(bench: Bench, world: World, partitions: number): Promise<GrowthPoint> {
  const heavy = async (what: Pick<RunTask, 'operation' | 'more'>) => {
    const results: Run[] = []
    for (let round = 0; round < bench.rounds; round++)
      results.push(await run(bench, world, { ...what, connections: bench.connections }))
    return heavyOf(results)
  }
  const [get, put] = [await heavy(GET), await heavy(PUT)]
  await sleep(RECOVERY_MS)
  return { partitions, get, put, idle: await busyShare(world.pids(), bench.seconds * bench.rounds) }
}

/** Milliseconds from `since` until each partition has taken a put: items enough to lie in all of them. */
async function untilAllServe({ table }: Bench, { port }: World, since: number): Promise<number> {
  const puts = Array.from({ length: 20 * PARTITIONS }, (_, i) =>
    OPERATIONS.PutItem.request(table, (i * 997) % table.items),
  )
  await Promise.all(
    puts.map(async put => {
      while (performance.now() < since + FAILOVER_MS)
        if (
          await ask(port, 'PutItem', put).then(
            () => true,
            () => false,
          )
        )
          return
      throw new Error('a partition has no leader half a minute after a node died')
    }),
  )
  return performance.now() - since
}

type Task = Pick<RunTask, 'operation' | 'more' | 'rate' | 'connections'>
/** `all`: with those of the warm-up, about. */
type Run = LoadResult & { cpu: number; all: number }

async function run({ table, seconds }: Bench, { port, pids }: Target, task: Task): Promise<Run> {
  const before = cpuMicroseconds(pids())
  const result = await load({ kind: 'run', port, table, seconds, warmup: WARMUP, ...task })
  const all = (result.requests * (seconds + WARMUP)) / seconds
  return { ...result, all, cpu: (cpuMicroseconds(pids()) - before) / all }
}

function rounds(): { light: Run[]; heavy: Run[] } {
  return { light: [], heavy: [] }
}

function sideOf({ light, heavy }: ReturnType<typeof rounds>): Side {
  return { light: lightOf(light), heavy: heavyOf(heavy) }
}

function lightOf(runs: Light[]): Light {
  return { p50: median(runs.map(({ p50 }) => p50)), p99: median(runs.map(({ p99 }) => p99)) }
}

function heavyOf(runs: Run[]): Heavy {
  return { perSecond: median(runs.map(({ perSecond }) => perSecond)), cpu: median(runs.map(({ cpu }) => cpu)) }
}
