/** How a cluster is, at a look: its partitions, who leads them, what each storage node has to do, what requests wait. */
import type { TavolaCluster } from '../../scripts/cluster/tavola.ts'
import type { ClusterStatus } from '../../server/cluster/status.ts'
import { cpuMicroseconds } from '../process.ts'
import type { Crowd } from './crowd.ts'
import type { Look } from './report.ts'

export type Seen = Omit<Look, 'at' | 'place' | 'rate'>

/** Each look tells of the time since the one before. */
export function watcher(cluster: TavolaCluster, table: string, load: Crowd): () => Promise<Seen> {
  let before = performance.now()
  let used = new Map<string, number>()
  return async () => {
    const answer = await fetch(`${cluster.endpoints[0]}/admin/cluster`)
    const { nodes, tables } = (await answer.json()) as ClusterStatus
    const now = performance.now()
    const busy: Record<string, number> = {}
    for (const { role, name, pid } of cluster.processes()) {
      if (role !== 'storage' || pid === undefined) continue
      const total = cpuMicroseconds([pid])
      busy[name] = (total - (used.get(name) ?? total)) / 1000 / (now - before)
      used = new Map([...used, [name, total]])
    }
    before = now
    const { latencies, failed } = load.take()
    const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? Number.NaN
    return {
      partitions: tables.find(({ name }) => name === table)?.partitions ?? 0,
      leaders: Object.fromEntries(nodes.map(({ name, leaders }) => [name, leaders])),
      busy,
      p50: at(0.5),
      p99: at(0.99),
      failed,
    }
  }
}
