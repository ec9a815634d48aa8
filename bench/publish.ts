/**
 * `npm run bench:publish`: changes through NATS. How many a second are published once they are there, how long one takes from the
 * write to who listens, at a steady rate, and what it costs the write path.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { binariesHere } from '../scripts/cluster/binaries.ts'
import { NatsCluster } from '../scripts/cluster/nats.ts'
import { freePorts } from '../scripts/cluster/ports.ts'
import { type Cell, cellOf, ratio } from './cells.ts'
import { ask, Connection, encodeRequest } from './client.ts'
import { dismiss, launch, type Running, tavola } from './contestants.ts'
import {
  cpuMicroseconds,
  endServer,
  isPinned,
  load,
  mainThreadMicroseconds,
  makeFolder,
  startServer,
} from './process.ts'
import { takeTurns } from './turns.ts'
import { operationOf, tableOf } from './workload.ts'

const { values } = parseArgs({
  options: {
    changes: { type: 'string', default: '50000' },
    rate: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '5' },
    bytes: { type: 'string', default: '1000' },
    servers: { type: 'string', default: '1' },
    /** When NATS syncs: `always`, or `2m` as it comes. */
    sync: { type: 'string', default: 'always' },
    /** Where NATS keeps its files, if not on the disk of the rest. */
    'nats-folder': { type: 'string' },
  },
})
const [changes, rate, seconds, bytes, servers] = [
  Number(values.changes),
  Number(values.rate),
  Number(values.seconds),
  Number(values.bytes),
  Number(values.servers),
]
const running: Running[] = []
const nats = new NatsCluster({
  binary: binariesHere().nats,
  folder: await makeFolder(values['nats-folder']),
  port: await freePorts(3 * servers),
  servers,
  sync: values.sync,
})

try {
  if (!isPinned()) console.error('this system can not give servers and load a core each: the figures say little')
  await nats.start()
  const place = values['nats-folder'] ? `in ${values['nats-folder']}` : 'on the same disk'
  console.log(`| changes of ${bytes} bytes, ${servers} nats-server ${place}, synced ${values.sync} | |`)
  console.log('| --- | --- |')
  console.log(`| published, of ${changes} that waited | ${(await drain()).toFixed(0)}/s |`)
  const { p50, p99, sent } = await latency()
  console.log(
    `| from write to delivery, at ${sent.toFixed(0)}/s | p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms |`,
  )
  const cost = await writePath()
  console.log(`| PutItem with, of those without | ${cost.throughput.toFixed(2)} |`)
  console.log(`| CPU for a PutItem, of that without: the thread that takes it | ${cost.thread.toFixed(2)} |`)
  console.log(`| all threads of the process | ${cost.processor.toFixed(2)} |`)
} finally {
  await dismiss(running)
  await nats.stop('SIGKILL')
}

function flags(): string[] {
  return ['--nats', nats.urls.join(), '--changes-replicas', String(servers)]
}

function streamOf(table: string): string {
  return `tavola-changes-123456789012-${table}`
}

async function withNats<T>(work: (connection: NatsConnection) => Promise<T>): Promise<T> {
  const connection = await connect({ servers: nats.urls })
  try {
    return await work(connection)
  } finally {
    await connection.close()
  }
}

/** Changes that were made without NATS are published by a process that has it. */
async function drain(): Promise<number> {
  const table = { ...tableOf(changes, bytes), name: 'drained', viewType: 'NEW_IMAGE' }
  const data = await makeFolder()
  const [port, later] = [await freePorts(1), await freePorts(1)]
  const first = await startServer(port, tavola().command(port, data), data)
  await load({ kind: 'fill', port, table })
  await endServer(first)
  const second = await startServer(later, tavola(flags()).command(later, data), data)
  const perSecond = await withNats(async connection => {
    const manager = await jetstreamManager(connection)
    const count = async () =>
      (await manager.streams.info(streamOf(table.name)).catch(() => undefined))?.state.messages ?? 0
    while ((await count()) === 0) await sleep(5)
    const [begin, before] = [performance.now(), await count()]
    while ((await count()) < changes) await sleep(20)
    return (changes - before) / ((performance.now() - begin) / 1000)
  })
  await endServer(second)
  return perSecond
}

/** Milliseconds from before a PutItem is sent until its change is here. */
async function latency(): Promise<{ p50: number; p99: number; sent: number }> {
  const started = await launch(tavola(flags()), 1, undefined)
  running.push(started)
  const { port } = started
  const table = { ...tableOf(1, bytes), name: 'timed', viewType: 'NEW_IMAGE' }
  await load({ kind: 'fill', port, table })
  const begun = new Map<string, number>()
  const latencies: number[] = []
  let seen = false
  const took = await withNats(async connection => {
    connection.subscribe('tavola.changes.*.timed.*', {
      callback: (_error, message) => {
        seen = true
        const id = /"pk":\{"S":"(timed-\d+)"\}/.exec(message.string())?.[1]
        const start = id === undefined ? undefined : begun.get(id)
        if (start !== undefined) latencies.push(performance.now() - start)
      },
    })
    await connection.flush()
    // What the first one waits for is no later one's: the stream is made, the publisher begins.
    await ask(port, 'PutItem', { TableName: table.name, Item: itemOf('first') })
    while (!seen) await sleep(5)
    return send(port, table.name, begun)
  })
  latencies.sort((a, b) => a - b)
  const kept = latencies.slice()
  const at = (share: number) => kept[Math.floor(kept.length * share)] ?? Number.NaN
  if (kept.length < begun.size)
    console.error(`${begun.size - kept.length} of ${begun.size} changes were not seen in time`)
  return { p50: at(0.5), p99: at(0.99), sent: begun.size / took }
}

function itemOf(pk: string): object {
  return { pk: { S: pk }, sk: { N: '0' }, text: { S: 'x'.repeat(bytes) } }
}

/** @returns the seconds that it took */
async function send(port: number, name: string, begun: Map<string, number>): Promise<number> {
  const connections = await Promise.all(Array.from({ length: 16 }, () => Connection.open(port)))
  const begin = performance.now()
  const end = begin + seconds * 1000
  let next = 0
  await Promise.all(
    connections.map(async connection => {
      while (performance.now() < end) {
        const n = next++
        const due = begin + (n * 1000) / rate
        const left = due - performance.now()
        if (left > 0) await sleep(left)
        begun.set(`timed-${n}`, performance.now())
        await connection.send(encodeRequest(port, 'PutItem', { TableName: name, Item: itemOf(`timed-${n}`) }))
      }
    }),
  )
  const took = (performance.now() - begin) / 1000
  await sleep(1000)
  for (const connection of connections) connection.close()
  return took
}

/** What a process that publishes does in a second, and needs for a request, in relation to one that only records. */
async function writePath(): Promise<{ throughput: number; thread: number; processor: number }> {
  const table = { ...tableOf(10_000, bytes), viewType: 'NEW_AND_OLD_IMAGES' }
  const cells: Cell[] = []
  const pids: number[] = []
  for (const [name, args] of [
    ['without', []],
    ['with', flags()],
  ] as const) {
    const started = await launch(tavola([...args]), 1, undefined)
    running.push(started)
    pids.push(started.process.pid!)
    await load({ kind: 'fill', port: started.port, table })
    const shared = { port: started.port, table, connections: 64, operation: operationOf('PutItem') }
    cells.push(cellOf(name, { ...shared, seconds: 2, warmup: 0.4 }))
  }
  const used = () => pids.map(pid => ({ thread: mainThreadMicroseconds(pid), processor: cpuMicroseconds([pid]) }))
  const before = used()
  await takeTurns(cells, Number(values.rounds))
  const after = used()
  const requests = cells.map(({ results }) => results.reduce((sum, result) => sum + result.requests, 0))
  const perRequest = (i: number, part: 'thread' | 'processor') => (after[i]![part] - before[i]![part]) / requests[i]!
  const cost = (part: 'thread' | 'processor') => perRequest(1, part) / perRequest(0, part)
  return { throughput: ratio(cells[1]!, cells[0]!, 'perSecond'), thread: cost('thread'), processor: cost('processor') }
}
