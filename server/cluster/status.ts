/** How the cluster is: for people, for the operator, for machines. Pure. */
import { problemsOf } from './moves/problems.ts'
import { type NodeState, type PartitionState, publishLagOf, type Situation } from './moves/situation.ts'
import { holdersOf, type KeeperRecord, type MoveReason } from './records.ts'
import { isHealthy, type ReplicaReport, type Reports } from './report.ts'

export type NodeStatus = {
  name: string
  /** Null if it is away, and was not remembered. */
  zone: string | null
  pool: string | null
  address: string | null
  live: boolean
  /** Since when it is not, if that was noticed; ISO 8601. */
  awaySince?: string
  draining: boolean
  /** How many it holds, or is coming by; and how many of these follow and are not far behind. */
  replicas: number
  healthy: number
  /** How many partitions it leads. */
  leaders: number
  /** It holds nothing, and nothing is on its way. */
  empty: boolean
}

export type TableStatus = {
  name: string
  id: string
  /** As DescribeTable has it. */
  status: string
  pool: string
  /** With those of its global indexes. */
  partitions: number
  /** Of each partition: as many as are wished; and healthy ones, of the partition that has the fewest. */
  replicas: { wanted: number; healthy: number }
  /** Partitions that somebody leads. */
  led: number
  /** Where changes are published: for how long the oldest one has been waiting for that. */
  publishLagMs?: number
}

export type ReplicaStatus = {
  node: string
  state: ReplicaReport['state'] | 'away' | 'silent'
  healthy: boolean
  /** Entries that it has yet to apply; null if nobody knows. */
  lag: number | null
  bytes: number
  reason?: string
}

export type PartitionStatus = {
  id: string
  /** `orders/2`, `orders.byOwner/1` */
  name: string
  table: string | null
  leader: string | null
  /** The first should lead. */
  replicas: ReplicaStatus[]
}

export type MoveStatus = {
  partition: string
  name: string
  why: MoveReason
  /** Where a replica comes to, and where one goes from. */
  to: string | null
  from: string | null
  /** ISO 8601 */
  since: string
  step: 'copying' | 'catching up' | 'joined' | 'leaving'
  /** 0 to 1 */
  progress: number
}

export type Problem = {
  /** `down`: requests fail. `risk`: less can fail than should. `note`: something takes its course. */
  level: 'down' | 'risk' | 'note'
  what: string
  /** What is being done about it, or is to be done. */
  doing: string
}

export type ClusterStatus = {
  /** ISO 8601 */
  at: string
  nodes: NodeStatus[]
  tables: TableStatus[]
  partitions: PartitionStatus[]
  moves: MoveStatus[]
  /** The worst first. */
  problems: Problem[]
}

export function statusOf(situation: Situation, reports: Reports, keeper: KeeperRecord | undefined): ClusterStatus {
  const { now, nodes, partitions } = situation
  return {
    at: timeOf(now),
    nodes: [...nodes.values()].map(node => nodeStatus(node, partitions)),
    tables: tableStatuses(partitions, reports),
    partitions: partitions.map(partition => partitionStatus(partition, situation, reports)),
    moves: partitions.flatMap(partition => moveStatus(partition, reports)),
    problems: problemsOf(situation, reports, keeper),
  }
}

function nodeStatus(
  { name, zone, pool, address, live, awaySince, draining }: NodeState,
  all: PartitionState[],
): NodeStatus {
  const held = all.filter(({ record }) => holdersOf(record).includes(name))
  return {
    ...{ name, zone: zone ?? null, pool: pool ?? null, address: address ?? null, live },
    ...(awaySince !== undefined && { awaySince: timeOf(awaySince) }),
    draining,
    replicas: held.length,
    healthy: held.filter(({ healthy }) => healthy.has(name)).length,
    leaders: all.filter(({ leader }) => leader === name).length,
    empty: held.length === 0,
  }
}

function tableStatuses(partitions: PartitionState[], reports: Reports): TableStatus[] {
  const byTable = Map.groupBy(partitions, ({ table }) => table)
  return [...byTable].flatMap(([table, own]) => {
    if (!table) return []
    const healthy = Math.min(
      ...own.map(({ record, healthy }) => record.replicas.filter(node => healthy.has(node)).length),
    )
    const { pool, replicas: wanted } = own[0]!.wish
    const lags = own.flatMap(partition => publishLagOf(partition, reports) ?? [])
    return {
      ...{ name: table.name, id: table.id, pool, partitions: own.length, replicas: { wanted, healthy } },
      status: table.status,
      led: own.filter(({ leader }) => leader !== undefined).length,
      ...(lags.length > 0 && { publishLagMs: Math.max(...lags) }),
    }
  })
}

function partitionStatus(partition: PartitionState, { nodes }: Situation, reports: Reports): PartitionStatus {
  const { record, name, table, leader, end } = partition
  const replicas = holdersOf(record).map((node): ReplicaStatus => {
    const report = reports.get(node)?.get(record.id)
    const absent = nodes.get(node)?.live ? 'silent' : 'away'
    return {
      ...{ node, state: report?.state ?? absent, healthy: isHealthy(report, end) },
      lag: report ? Math.max(0, end - report.applied) : null,
      bytes: report?.bytes ?? 0,
      ...(report?.reason !== undefined && { reason: report.reason }),
    }
  })
  return { id: record.id, name, table: table?.name ?? null, leader: leader ?? null, replicas }
}

function moveStatus({ record, name, healthy, end }: PartitionState, reports: Reports): MoveStatus[] {
  const { move } = record
  if (!move) return []
  const { joining, leaving, why, since } = move
  const about = { partition: record.id, name, why, to: joining ?? null, from: leaving ?? null, since: timeOf(since) }
  if (joining === undefined) return [{ ...about, step: 'leaving', progress: 1 }]
  if (healthy.has(joining)) return [{ ...about, step: 'joined', progress: 1 }]
  const report = reports.get(joining)?.get(record.id)
  const whole = Math.max(0, ...record.replicas.map(node => reports.get(node)?.get(record.id)?.bytes ?? 0))
  if (!report || report.state === 'opening')
    return [{ ...about, step: 'copying', progress: whole === 0 ? 0 : Math.min(1, (report?.received ?? 0) / whole) }]
  return [{ ...about, step: 'catching up', progress: end === 0 ? 1 : Math.min(1, report.applied / end) }]
}

export function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}
