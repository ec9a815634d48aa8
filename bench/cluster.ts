/**
 * `npm run bench:cluster`: what a cluster costs, beside Tavola in one process on the same machine, in the same minutes. Both have
 * one core, the cluster with its etcd and NATS; so its latencies are pessimistic, and CPU per request is what compares.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  type Bench,
  type Figures,
  measureFailover,
  measureGrowth,
  measureNodes,
  stopNodes,
} from './cluster/measures.ts'
import { textOf } from './cluster/report.ts'
import { isPinned } from './process.ts'
import { tableOf } from './workload.ts'

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '1,2,3' },
    /** Tables of three partitions that lie beside the one that is asked, as plots of growth have it. */
    tables: { type: 'string', default: '99' },
    failovers: { type: 'string', default: '5' },
    stops: { type: 'string', default: '6' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    items: { type: 'string', default: '10000' },
    bytes: { type: 'string', default: '1000' },
    connections: { type: 'string', default: '64' },
    port: { type: 'string', default: '27300' },
    disk: { type: 'string' },
    out: { type: 'string' },
  },
})
const bench: Bench = {
  table: tableOf(Number(values.items), Number(values.bytes)),
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  connections: Number(values.connections),
  port: Number(values.port),
  disk: values.disk,
}

if (!isPinned()) console.error('this system can not give servers and load a core each: the figures say little')
const figures: Figures = { nodes: [], growth: undefined, failover: undefined, stops: undefined }
const nodes = values.nodes
  .split(',')
  .map(Number)
  .filter(nodes => nodes > 0)
for (const count of nodes) figures.nodes.push(await measureNodes(bench, count))
if (Number(values.tables) > 0) figures.growth = await measureGrowth(bench, Number(values.tables))
if (Number(values.failovers) > 0) figures.failover = await measureFailover(bench, Number(values.failovers))
if (Number(values.stops) > 0) figures.stops = await stopNodes(bench, Number(values.stops))
console.log(textOf(figures))
if (values.out) {
  await mkdir(values.out, { recursive: true })
  const made = { when: new Date().toISOString(), node: process.version, ...bench, figures }
  await writeFile(join(values.out, 'cluster.json'), `${JSON.stringify(made, null, 2)}\n`)
  await writeFile(join(values.out, 'cluster.md'), textOf(figures))
}
process.exit(0)
