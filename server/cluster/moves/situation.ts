/** What is known of nodes and partitions, put together for those who decide, or tell, what is to be done. Pure. */
import type { PartitionSlice, TableRecord } from '../../model/table.ts'
import { placementOf } from '../placement.ts'
import { childrenOf } from '../plan.ts'
import { formatOf, holdersOf, type KeeperRecord, type PartitionRecord, type PlacementRecord } from '../records.ts'
import { isHealthy, type Reports, reached } from '../report.ts'
import type { View } from '../view.ts'

export type NodeState = {
  name: string
  /** Undefined if it is away, and was not remembered. */
  zone: string | undefined
  pool: string | undefined
  address: string | undefined
  live: boolean
  /** Up to which format it reads logs and files; undefined if it is away. */
  format: number | undefined
  /** Since when it is not; epoch milliseconds, undefined if that was not noticed yet. */
  awaySince: number | undefined
  /** Away for so long that its replicas are made anew elsewhere. */
  lost: boolean
  /** To hold nothing. */
  draining: boolean
  /** It has not come just now: leaderships may go there. */
  steady: boolean
}

export type PartitionState = {
  record: PartitionRecord
  /** Of the record's key. */
  version: number
  table: TableRecord | undefined
  /** `orders/2`, `orders.byOwner/1`: counted from 1. */
  name: string
  wish: PlacementRecord
  /** Who leads, ready. */
  leader: string | undefined
  /** The last entry, as far as is known. */
  end: number
  /** Nodes that live and have replicas, or one that joins, that follow and are not far behind. */
  healthy: ReadonlySet<string>
}

export type Situation = { now: number; nodes: ReadonlyMap<string, NodeState>; partitions: PartitionState[] }

/** What only those know who have watched for a while. */
export type Watched = {
  isSteady(node: string): boolean
  /** Milliseconds; before some have gone by, a node that is away may be one that has yet to start. */
  watchedMs: number
}

const ONE_LOOK: Watched = { isSteady: () => true, watchedMs: Number.POSITIVE_INFINITY }
/** How long nodes that start together may take. */
const STARTING_MS = 60_000

/** `now`: epoch milliseconds. */
export function situationOf(
  view: View,
  reports: Reports,
  options: KeeperRecord,
  now: number,
  watched: Watched = ONE_LOOK,
): Situation {
  const nodes = nodeStates(view, options, now, watched)
  const names = namesOf(view.tables.values())
  const partitions = [...view.partitions.values()].map(({ record, version }): PartitionState => {
    const { id, tableId } = record
    const { table, name } = names.get(id) ?? { table: undefined, name: tableId }
    const holders = holdersOf(record)
    const end = reached(reports, id, holders)
    const healthy = holders.filter(node => nodes.get(node)?.live && isHealthy(reports.get(node)?.get(id), end))
    const leader = view.leaders.get(id)?.node
    const wish = placementOf(table && view.placements.get(table.name), options.placement)
    return { record, version, table, name, wish, leader, end, healthy: new Set(healthy) }
  })
  partitions.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.record.id < b.record.id ? -1 : 1))
  return { now, nodes, partitions }
}

/** For how long its oldest change has been waiting to be published, by its leader's word; undefined if none ever is. */
export function publishLagOf({ record, leader }: PartitionState, reports: Reports): number | undefined {
  return leader === undefined ? undefined : reports.get(leader)?.get(record.id)?.publishLagMs
}

/** Those that live, and those that records name. */
function nodeStates(
  view: View,
  { repairAfterMs }: KeeperRecord,
  now: number,
  watched: Watched,
): Map<string, NodeState> {
  const mayBeStarting = watched.watchedMs < Math.min(STARTING_MS, repairAfterMs)
  const named = [...view.partitions.values()].flatMap(({ record }) => holdersOf(record))
  const names = new Set([...view.nodes.keys(), ...named, ...view.drains.keys()])
  const state = (name: string): NodeState => {
    const node = view.nodes.get(name)
    const absence = node ? undefined : view.absences.get(name)
    const { zone, pool } = node ?? absence ?? {}
    return {
      ...{ name, zone, pool, address: node?.address, live: node !== undefined, awaySince: absence?.since },
      format: node && formatOf(node),
      lost: absence !== undefined && now - absence.since >= repairAfterMs && !mayBeStarting,
      draining: view.drains.has(name),
      steady: watched.isSteady(name),
    }
  }
  return new Map([...names].sort().map(name => [name, state(name)]))
}

/** By partition: whose it is. `next` are those that are to take over from others, `past` those that others have taken over from. */
function namesOf(tables: Iterable<TableRecord>): Map<string, { table: TableRecord; name: string }> {
  const names = new Map<string, { table: TableRecord; name: string }>()
  for (const table of tables) {
    const add = (slices: PartitionSlice[], prefix: string) => {
      for (const [i, { id }] of slices.entries()) names.set(id, { table, name: `${table.name}${prefix}${i + 1}` })
    }
    add(table.partitions, '/')
    add(table.retired ?? [], '/past-')
    add(childrenOf(table, undefined), '/next-')
    for (const index of table.globalIndexes) {
      add(index.partitions, `.${index.name}/`)
      add(childrenOf(table, index.id), `.${index.name}/next-`)
    }
  }
  return names
}
