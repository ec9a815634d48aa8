/** Pools: the storage pods of one table, or of the tables of a namespace that name the same one. Pure. */
import { isDeepStrictEqual } from 'node:util'
import type { ResourceRequirements, StatefulSet } from '../kube/objects.ts'
import { largest } from '../kube/quantity.ts'
import { ORIGIN, type Table } from '../resources/table.ts'
import { byAge, DEFAULT_POOL, poolIdOf, sharedWorkload, workloadOf } from './names.ts'

export type Pool = {
  namespace: string
  /** Of the StatefulSet. */
  workload: string
  /** What storage nodes call it. */
  id: string
  nodes: number
  /** Of each volume, as Kubernetes writes quantities. */
  size: string
  storageClassName: string | undefined
  /** Where pods may be; everywhere if undefined. */
  zones: string[] | undefined
  resources: ResourceRequirements | undefined
  /** The table, if the pods are its own. */
  owner: Table | undefined
  /** All tables that are there; none for the default pool of a new cluster. */
  tables: Table[]
  isPaused: boolean
}

/** What is known of the cluster's default pool before a table says anything. */
export type DefaultPool = { namespace: string; nodes: number; size: string; storageClassName?: string }

export function poolKey({ namespace, workload }: Pick<Pool, 'namespace' | 'workload'>): string {
  return `${namespace}/${workload}`
}

/** The pool of a workload, as its tables together want it; undefined if there is no use for it. */
export function poolOf(tables: Table[], namespace: string, workload: string, usual: DefaultPool): Pool | undefined {
  const isDefault = namespace === usual.namespace && workload === sharedWorkload(DEFAULT_POOL)
  const own = tables
    .filter(table => table.metadata.namespace === namespace && workloadOf(table) === workload)
    .sort(byAge)
  const first = own[0]
  if (!first && !isDefault) return undefined
  // A table that was made through the API wishes for nothing but its place in the default pool.
  const wishing = isDefault ? own.filter(({ metadata }) => metadata.annotations?.[ORIGIN] !== 'api') : own
  const wishes = [...(isDefault ? [usual] : []), ...wishing.map(({ spec }) => spec.storage)]
  const zones =
    own.length > 0 && own.every(({ spec }) => spec.zones) ? own.flatMap(({ spec }) => spec.zones!) : undefined
  return {
    namespace,
    workload,
    id: poolIdOf(namespace, workload, usual.namespace),
    nodes: Math.max(...wishes.map(({ nodes }) => nodes)),
    size: largest(wishes.map(({ size }) => size)),
    storageClassName: wishes.find(({ storageClassName }) => storageClassName !== undefined)?.storageClassName,
    zones: zones && [...new Set(zones)].sort(),
    resources: own.find(({ spec }) => spec.resources)?.spec.resources,
    owner: first && first.spec.storage.pool === undefined ? first : undefined,
    tables: own,
    isPaused: own.length > 0 && own.every(({ spec }) => spec.paused),
  }
}

/** The same, with claims for volumes as the StatefulSet has them if that may not be changed: smaller, or of another class. */
export function withClaimsOf(pool: Pool, present: StatefulSet | undefined): Pool {
  const claim = present?.spec.volumeClaimTemplates?.[0]?.spec
  if (!claim) return pool
  const { storageClassName, resources } = claim
  return { ...pool, storageClassName, size: largest([pool.size, resources?.requests?.storage ?? pool.size]) }
}

export type PlacementWish = { pool: string; replicas: number; partitions: number; zones?: string[] }

/** How the cluster is to place a table. */
export function placementOf({ spec, metadata }: Table, pool: Pool): PlacementWish {
  const own = pool.owner?.metadata.uid === metadata.uid
  const partitions = spec.partitions ?? (own ? spec.storage.nodes : 1)
  return { pool: pool.id, replicas: spec.replicas, partitions, ...(spec.zones && { zones: [...spec.zones].sort() }) }
}

/** Whether a record of the cluster says the same, but for the number of partitions, which counts when the table is made. */
export function isPlaced(record: PlacementWish | undefined, wish: PlacementWish): boolean {
  return record !== undefined && isDeepStrictEqual({ ...record, partitions: 0 }, { ...wish, partitions: 0 })
}
