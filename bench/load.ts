/** The load generator: a process of its own. `node bench/load.ts '{"port":8000,...}'` prints one line of JSON. */
import { ask, Connection, encodeRequest, Refusal } from './client.ts'
import { requesterOf } from './records.ts'
import { BATCH, type BenchTable, batchOf, createTable, OPERATIONS, type Operation } from './workload.ts'

export type FillTask = { kind: 'fill'; port: number; table: BenchTable }
export type RunTask = {
  kind: 'run'
  port: number
  table: BenchTable
  operation: Operation
  connections: number
  /** Measured seconds, and those before them that are not. */
  seconds: number
  warmup: number
  /** Beside what the operation says: members of every request. */
  more?: object
  /** Requests a second, evenly, whatever the server does; latencies then count from when each was due. Undefined for all it can do. */
  rate?: number
}
export type LoadTask = FillTask | RunTask

export type LoadResult = {
  requests: number
  perSecond: number
  /** Milliseconds. */
  p50: number
  p99: number
  /** Refused for overload, by the error's name: not among `requests`. */
  errors: Record<string, number>
  /** Share of its core that the load generator used. Near 1 the figure is its limit rather than the server's. */
  busy: number
}

/** Requests are encoded ahead: as many different ones as fit. */
const POOL_BYTES = 32 * 1024 * 1024
const MAX_POOL = 20_000
const MIN_POOL = 50

const FILL_CONNECTIONS = 8
const ACTIVE_TIMEOUT_MS = 30_000

/** What a server may say under load; anything else ends the run. */
const OVERLOAD = /Throttling|ThroughputExceeded|LimitExceeded|ServiceUnavailable|TransactionConflict|^503$/

const task = JSON.parse(process.argv[2]!) as LoadTask
console.log(JSON.stringify(task.kind === 'fill' ? await fill(task) : await run(task)))

async function fill({ port, table }: FillTask): Promise<{ items: number }> {
  await ask(port, 'CreateTable', createTable(table))
  await becomesActive(port, table)
  const batch = Math.max(1, Math.min(BATCH, Math.floor(POOL_BYTES / 4 / table.bytes)))
  let next = 0
  await withConnections(port, FILL_CONNECTIONS, async connection => {
    while (next < table.items) {
      const first = next
      next += batch
      const body = batchOf(table, first, Math.min(batch, table.items - first))
      const answer = await connection.send(encodeRequest(port, 'BatchWriteItem', body))
      if (!/"UnprocessedItems":\{\}/.test(answer.toString())) throw new Error(`not all was written: ${answer}`)
    }
  })
  return { items: table.items }
}

/** Some contestants need a moment until a new table is there. */
async function becomesActive(port: number, table: BenchTable): Promise<void> {
  for (const end = performance.now() + ACTIVE_TIMEOUT_MS; performance.now() < end; ) {
    const answer = (await ask(port, 'DescribeTable', { TableName: table.name })).toString()
    if (/"TableStatus"\s*:\s*"ACTIVE"/.test(answer)) return
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error(`the table ${table.name} did not become ACTIVE`)
}

async function run(task: RunTask): Promise<LoadResult> {
  const pool = await poolOf(task)
  const latencies: number[] = []
  const errors: Record<string, number> = {}
  const begin = performance.now() + task.warmup * 1000
  const end = begin + task.seconds * 1000
  let cpu: NodeJS.CpuUsage | undefined
  let next = 0
  const due = dueTimes(task.rate)
  await withConnections(task.port, task.connections, async connection => {
    for (let now = await due(); now < end; now = await due()) {
      const refused = await connection.send(pool[next++ % pool.length]!).then(none, overloadOf)
      const after = performance.now()
      // What counts is what is answered within the measured seconds.
      if (after >= begin && after < end) {
        cpu ??= process.cpuUsage()
        if (refused === undefined) latencies.push(after - now)
        else errors[refused] = (errors[refused] ?? 0) + 1
      }
    }
  })
  const { user, system } = process.cpuUsage(cpu)
  latencies.sort((a, b) => a - b)
  const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? 0
  return {
    requests: latencies.length,
    perSecond: latencies.length / task.seconds,
    p50: at(0.5),
    p99: at(0.99),
    errors,
    busy: (user + system) / 1e6 / task.seconds,
  }
}

/** Waits for the time of the next request: at once, without a rate. */
function dueTimes(rate: number | undefined): () => number | Promise<number> {
  if (rate === undefined) return () => performance.now()
  let next = performance.now()
  return async () => {
    const time = (next += 1000 / rate)
    const early = time - performance.now()
    if (early > 0) await new Promise(resolve => setTimeout(resolve, early))
    return time
  }
}

/** Requests on random items of the whole table. */
async function poolOf({ port, table, operation, more }: RunTask): Promise<Buffer[]> {
  const { width } = OPERATIONS[operation]
  const request = await requesterOf(port, operation, table)
  const random = () => Math.floor(Math.random() * (table.items - width + 1))
  const encode = () => encodeRequest(port, operation, { ...request(random()), ...more })
  const first = encode()
  const length = Math.max(MIN_POOL, Math.min(MAX_POOL, Math.floor(POOL_BYTES / first.length)))
  return [first, ...Array.from({ length: length - 1 }, encode)]
}

async function withConnections(
  port: number,
  count: number,
  work: (connection: Connection) => Promise<void>,
): Promise<void> {
  const connections = await Promise.all(Array.from({ length: count }, () => Connection.open(port)))
  await Promise.all(connections.map(work))
  for (const connection of connections) connection.close()
}

function none(): undefined {}

/** The name of a refusal for overload. Errors: it is anything else. */
function overloadOf(error: Error): string {
  if (error instanceof Refusal) {
    const reason = OVERLOAD.exec(error.code)?.[0] ?? /TransactionConflict/.exec(error.message)?.[0]
    if (reason !== undefined) return reason
  }
  throw error
}
