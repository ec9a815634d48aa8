/** How the cluster is, of what servers tell (`GET /admin/cluster`): what the operator decides by. */

export type NodeState = {
  name: string
  zone: string | null
  pool: string | null
  live: boolean
  draining: boolean
  replicas: number
  healthy: number
  empty: boolean
}

export type TableState = {
  name: string
  pool: string
  partitions: number
  replicas: { wanted: number; healthy: number }
  /** For how long the oldest change has been waiting for NATS; undefined where none is published. */
  publishLagMs?: number
}

export type PartitionState = {
  id: string
  name: string
  table: string | null
  leader: string | null
  replicas: { node: string; healthy: boolean }[]
}

export type ClusterState = {
  nodes: NodeState[]
  tables: TableState[]
  partitions: PartitionState[]
  problems: { level: string; what: string; doing: string }[]
}

/** Whether a node can be taken away for a while and nothing fails: all that it holds is led, and healthy everywhere else. */
export function canSpare({ partitions }: ClusterState, node: string): boolean {
  const held = partitions.filter(({ replicas }) => replicas.some(replica => replica.node === node))
  return held.every(
    ({ leader, replicas }) => leader !== null && replicas.every(replica => replica.node === node || replica.healthy),
  )
}

/** Whether no partition is on the node, nor about to come. One that the cluster has never heard of is empty. */
export function isEmpty({ nodes, partitions }: ClusterState, node: string): boolean {
  if (partitions.some(({ replicas }) => replicas.some(replica => replica.node === node))) return false
  return nodes.find(({ name }) => name === node)?.empty ?? true
}

/** Live nodes of a pool. */
export function liveNodes({ nodes }: ClusterState, pool: string): NodeState[] {
  return nodes.filter(node => node.live && node.pool === pool)
}
