/** What is grown, one thing at a time: each sweep starts the servers and fills the tables that its points need. */
import { setTimeout as sleep } from 'node:timers/promises'
import { launch, type Running, tavola } from '../contestants.ts'
import { load } from '../process.ts'
import { type BenchTable, type Operation, tableOf } from '../workload.ts'

/** Where the load of one point goes. */
export type Point = { x: number; port: number; table: BenchTable; connections: number }

export type Sweep = {
  name: string
  title: string
  xLabel: string
  operations: Operation[]
  points(start: Start): Promise<Point[]>
}

/** Starts a Tavola that ends with the sweep. */
export type Start = (args?: string[]) => Promise<Running>

export type Limits = { tableSizes: number[]; itemSizes: number[]; connections: number[]; partitions: number[] }

export const LIMITS: Limits = {
  tableSizes: [10_000, 30_000, 100_000, 300_000, 1_000_000],
  itemSizes: [100, 400, 1000, 4000, 16_000, 64_000, 200_000, 400_000],
  connections: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
  partitions: [1, 2, 4, 8, 16, 32, 64],
}

/** The table of all sweeps but the first two, and the connections of all but the third. */
const ITEMS = 10_000
const CONNECTIONS = 64
/** Of a table of larger items there are fewer: about so many bytes of them, but not fewer than the connections need. */
const TABLE_BYTES = 20_000_000
const MIN_ITEMS = 100

/** What a fill leaves to do is done before the first turn. */
const SETTLE_MS = 3000

export function sweepsOf({ tableSizes, itemSizes, connections, partitions }: Limits): Sweep[] {
  return [
    {
      name: 'table-size',
      title: 'Size of the table: random keys of all of it, items of 1 KB',
      xLabel: 'items in the table',
      operations: ['GetItem', 'Query', 'PutItem', 'UpdateItem'],
      points: async start => {
        const { port } = await start()
        return filled(tableSizes.map(x => ({ x, port, table: tableOf(x), connections: CONNECTIONS })))
      },
    },
    {
      name: 'item-size',
      title: 'Size of the items',
      xLabel: 'bytes of an item',
      operations: ['GetItem', 'PutItem', 'UpdateItem'],
      points: async start => {
        const { port } = await start()
        const items = (bytes: number) => Math.max(MIN_ITEMS, Math.min(ITEMS, Math.round(TABLE_BYTES / bytes)))
        return filled(itemSizes.map(x => ({ x, port, table: tableOf(items(x), x), connections: CONNECTIONS })))
      },
    },
    {
      name: 'connections',
      title: 'Connections, each with one request under way',
      xLabel: 'connections',
      operations: ['GetItem', 'Query', 'PutItem', 'UpdateItem'],
      points: async start => {
        const { port } = await start()
        const table = tableOf(ITEMS)
        await load({ kind: 'fill', port, table })
        return connections.map(x => ({ x, port, table, connections: x }))
      },
    },
    {
      name: 'partitions',
      title: 'Partitions of the table, all in one process',
      xLabel: 'partitions',
      operations: ['GetItem', 'Query', 'PutItem', 'BatchWriteItem'],
      points: async start => {
        const points: Point[] = []
        for (const x of partitions) {
          const { port } = await start(['--partitions', String(x)])
          points.push({ x, port, table: tableOf(ITEMS), connections: CONNECTIONS })
        }
        return filled(points)
      },
    },
  ]
}

async function filled(points: Point[]): Promise<Point[]> {
  for (const { port, table } of points) await load({ kind: 'fill', port, table })
  await sleep(SETTLE_MS)
  return points
}

/** `start` for one sweep: what it starts is added to `running`. */
export function starter(running: Running[], disk?: string): Start {
  return async args => {
    const server = await launch(tavola(args), 1, disk)
    running.push(server)
    return server
  }
}
