/** What things are called. Names are no longer than Kubernetes allows, and what is cut off still tells them apart. Pure. */
import { createHash } from 'node:crypto'
import type { Table } from '../resources/table.ts'

/** Of a StatefulSet: its pods' labels hold the name, a dash and a hash of ten, in 63 characters. */
const LONGEST_WORKLOAD = 52
/** Of a pool, which storage nodes' names begin with: a dash and the pod's number follow, in 63 characters. */
const LONGEST_POOL = 56

/** The pool of tables that name none, and of tables made through the API. */
export const DEFAULT_POOL = 'default'

/** The StatefulSet with the pods of a table of its own, or of a shared pool. */
export function workloadOf({ metadata, spec }: Table): string {
  const { pool } = spec.storage
  return pool === undefined ? labelOf(metadata.name, '-storage') : sharedWorkload(pool)
}

export function sharedWorkload(pool: string): string {
  return labelOf(pool, '-pool')
}

/**
 * What the cluster calls the pool of a workload; no other namespace's has the name. `home`: the namespace of the cluster's
 * default pool.
 */
export function poolIdOf(namespace: string, workload: string, home: string): string {
  if (namespace === home && workload === sharedWorkload(DEFAULT_POOL)) return DEFAULT_POOL
  return bounded(`${namespace}-${workload}`, `${namespace}/${workload}`, LONGEST_POOL, true)
}

/** The storage node in the pod of that number. */
export function nodeOf(pool: string, ordinal: number): string {
  return `${pool}-${ordinal}`
}

/** The pod's number; -1 if it is none of the workload's. */
export function ordinalOf(workload: string, pod: string): number {
  const tail = pod.startsWith(`${workload}-`) ? pod.slice(workload.length + 1) : ''
  return /^\d{1,6}$/.test(tail) ? Number(tail) : -1
}

/** The resource of a table that was made through the API. */
export function resourceNameOf(table: string): string {
  const plain = table.toLowerCase().replaceAll(/[^a-z0-9.-]/g, '-')
  const isName = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(plain)
  return plain === table && isName && table.length <= 200 ? table : bounded(plain, table, 60, true)
}

/** In the order in which they claim a table's name. */
export function byAge({ metadata: a }: Table, { metadata: b }: Table): number {
  return (
    ordered(a.creationTimestamp, b.creationTimestamp) || ordered(a.namespace, b.namespace) || ordered(a.name, b.name)
  )
}

function ordered(a = '', b = ''): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function labelOf(name: string, suffix: string): string {
  const plain = name.replaceAll('.', '-')
  return bounded(plain, name, LONGEST_WORKLOAD - suffix.length, plain !== name) + suffix
}

/** `whole` decides the hash. `isHashed`: even if it is short enough. */
function bounded(text: string, whole: string, longest: number, isHashed: boolean): string {
  if (!isHashed && text.length <= longest) return text
  const hash = createHash('sha256').update(whole).digest('hex').slice(0, 8)
  const cut = text
    .slice(0, longest - 9)
    .replace(/^[^a-z0-9]+/, '')
    .replace(/[^a-z0-9]+$/, '')
  return cut === '' ? `t-${hash}` : `${cut}-${hash}`
}
