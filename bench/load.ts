/** The load generator: a process of its own. `node bench/load.ts '{"port":8000,...}'` prints one line of JSON. */
import { Connection, encodeRequest } from './client.ts'
import { batchOf, CREATE_TABLE, type Operation, requestOf } from './workload.ts'

export type LoadTask = {
  port: number
  connections: number
  /** Items in the table, and the range of random keys. */
  items: number
} & ({ kind: 'fill' } | { kind: 'run'; operation: Operation; seconds: number; warmup: number })

export type LoadResult = { requests: number; perSecond: number; p50: number; p99: number }

/** Requests are encoded ahead, so many different ones. */
const DISTINCT = 2000

const task = JSON.parse(process.argv[2]!) as LoadTask
const connections = await Promise.all(Array.from({ length: task.connections }, () => Connection.open(task.port)))
console.log(JSON.stringify(task.kind === 'fill' ? await fill(task.items) : await run(task)))
for (const connection of connections) connection.close()

async function fill(items: number): Promise<{ items: number }> {
  await connections[0]!.send(encodeRequest(task.port, 'CreateTable', CREATE_TABLE))
  let next = 0
  await Promise.all(
    connections.slice(0, 8).map(async connection => {
      while (next < items) {
        const first = next
        next += 25
        const indexes = Array.from({ length: Math.min(25, items - first) }, (_, offset) => first + offset)
        await retryUnready(() => connection.send(encodeRequest(task.port, 'BatchWriteItem', batchOf(indexes))))
      }
    }),
  )
  return { items }
}

/** Some contestants need a moment until a new table is there. */
async function retryUnready<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt > 100 || !/ResourceNotFound|ResourceInUse/.test((error as Error).message)) throw error
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }
}

async function run({ port, items, operation, seconds, warmup }: LoadTask & { kind: 'run' }): Promise<LoadResult> {
  const random = (below: number) => Math.floor(Math.random() * below)
  const requests = Array.from({ length: DISTINCT }, () =>
    encodeRequest(port, operation, requestOf(operation, random(items - 25))),
  )
  const latencies: number[] = []
  const begin = performance.now() + warmup * 1000
  const end = begin + seconds * 1000
  await Promise.all(
    connections.map(async connection => {
      for (let now = performance.now(); now < end; ) {
        await connection.send(requests[random(DISTINCT)]!)
        const after = performance.now()
        if (now >= begin) latencies.push(after - now)
        now = after
      }
    }),
  )
  latencies.sort((a, b) => a - b)
  const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? 0
  return { requests: latencies.length, perSecond: latencies.length / seconds, p50: at(0.5), p99: at(0.99) }
}
