/** The tables of the cluster's bench. */
import { median } from '../statistics.ts'
import type { Figures, GrowthPoint, Heavy, NodesFigures, OperationFigures } from './measures.ts'
import type { Stop } from './stops.ts'

/** What a cluster is to reach, beside the embedded mode on the same machine. */
const TARGETS = { getPerCore: 0.4, halfLoadP99: 10, growth: 1.1, stop: 200 }

export function textOf({ nodes, growth, failover, stops }: Figures): string {
  const sections = [...nodes.map(sectionOf)]
  if (growth) sections.push(growthOf(growth))
  if (failover)
    sections.push(
      `Without puts after a storage node was killed: median ${Math.round(median(failover))} ms, at most ${Math.round(Math.max(...failover))} ms, of ${failover.length}.`,
    )
  if (stops) sections.push(stopsOf(stops))
  return `${sections.join('\n\n')}\n`
}

function stopsOf(stops: Stop[]): string {
  const [longest, calm] = [stops.flatMap(stop => stop.longest), stops.flatMap(stop => stop.calm)]
  const figure = (waits: number[]) =>
    `${Math.round(median(waits))} ms at the median, ${Math.round(Math.max(...waits))} at most`
  const failed = stops.reduce((sum, stop) => sum + stop.failed, 0)
  const isShort = longest.every(wait => wait < TARGETS.stop)
  return `Storage nodes told to stop: ${stops.length}. The longest wait of a client: ${figure(longest)}${missed(isShort, `under ${TARGETS.stop} ms`)}; in calm times before: ${figure(calm)}. Requests that failed: ${failed}.`
}

function sectionOf({ nodes, get, put, putsPerAppend, halfLoad, floor }: NodesFigures): string {
  return `### Storage nodes: ${nodes}

| | light load, p50 / p99 ms | embedded | requests/s | embedded | CPU µs a request | embedded | per core, of embedded |
| --- | --: | --: | --: | --: | --: | --: | --: |
${rowOf('GetItem, strong', get)}
${rowOf('PutItem', put)}

Puts in one append: ${putsPerAppend.toFixed(1)}. PutItem at half load: p50 ${halfLoad.p50.toFixed(1)} ms, p99 ${halfLoad.p99.toFixed(1)} ms${missed(halfLoad.p99 < TARGETS.halfLoadP99, `under ${TARGETS.halfLoadP99} ms`)}.
The log alone, bare appends at the same rate: p50 ${floor.halfLoad.p50.toFixed(1)} ms, p99 ${floor.halfLoad.p99.toFixed(1)} ms; one at a time: ${floor.light.p50.toFixed(2)} / ${floor.light.p99.toFixed(2)} ms.
GetItem per core: ${shareOf(get).toFixed(2)} of embedded${missed(shareOf(get) >= TARGETS.getPerCore, `${TARGETS.getPerCore}`)}.`
}

function rowOf(name: string, { embedded, cluster }: OperationFigures): string {
  const light = ({ p50, p99 }: { p50: number; p99: number }) => `${p50.toFixed(2)} / ${p99.toFixed(2)}`
  const heavy = (measure: keyof Heavy) => [cluster, embedded].map(side => Math.round(side.heavy[measure]))
  const columns = [name, light(cluster.light), light(embedded.light), ...heavy('perSecond'), ...heavy('cpu')]
  return `| ${[...columns, shareOf({ embedded, cluster }).toFixed(2)].join(' | ')} |`
}

/** Of the requests that the embedded mode answers with the same CPU. */
function shareOf({ embedded, cluster }: OperationFigures): number {
  return embedded.heavy.cpu / cluster.heavy.cpu
}

function growthOf(points: GrowthPoint[]): string {
  const [first, last] = [points[0]!, points.at(-1)!]
  const times = (operation: 'get' | 'put') => last[operation].cpu / first[operation].cpu
  const isFlat = times('get') < TARGETS.growth && times('put') < TARGETS.growth
  return `### Partitions

| partitions | GetItem, CPU µs | PutItem, CPU µs | idle, of one core |
| --: | --: | --: | --: |
${points.map(({ partitions, get, put, idle }) => `| ${[partitions, Math.round(get.cpu), Math.round(put.cpu), idle.toFixed(3)].join(' | ')} |`).join('\n')}

A request costs ${times('get').toFixed(2)} and ${times('put').toFixed(2)} times as much${missed(isFlat, `under ${TARGETS.growth}`)}.`
}

function missed(reached: boolean, target: string): string {
  return reached ? '' : ` (the target: ${target})`
}
