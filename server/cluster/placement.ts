/** Which storage nodes hold the partitions: what is there stays where it is, what is new is spread over zones and nodes. */
import type { Guard, Metadata } from '../metadata/metadata.ts'
import { internalServerError } from '../model/errors.ts'
import type { TableRecord } from '../model/table.ts'
import { partitionRecords } from './plan.ts'
import { NODES, type NodeRecord, PARTITIONS, type PartitionRecord, parsePartition, partitionKey } from './records.ts'

/** Where new tables' partitions go. */
export type Placement = {
  partitionsPerTable: number
  /** The nodes of `count` new partitions; of each, the one that should lead comes first. Errors: InternalServerError, if there are none. */
  place(count: number): Promise<string[][]>
}

/** All on one node. */
export function onOneNode(node: string, partitionsPerTable: number): Placement {
  return { partitionsPerTable, place: async count => Array.from({ length: count }, () => [node]) }
}

/** On so many of the nodes that live, or on as many as there are. */
export function overNodes(metadata: Metadata, replicas: number, partitionsPerTable: number): Placement {
  return {
    partitionsPerTable,
    async place(count) {
      const nodes = (await metadata.list(NODES)).map(({ value }) => JSON.parse(value) as NodeRecord)
      const there = (await metadata.list(PARTITIONS)).map(({ value }) => parsePartition(value))
      if (nodes.length === 0) throw internalServerError()
      return spread(nodes, there, count, replicas)
    },
  }
}

/**
 * Nodes for `count` partitions. A partition is in as many zones as there are, no node has it twice; leaders first, then
 * replicas, are spread evenly over the nodes, given the partitions that are there. Pure.
 */
export function spread(nodes: NodeRecord[], there: PartitionRecord[], count: number, replicas: number): string[][] {
  const leads = new Map(nodes.map(({ node }) => [node, 0]))
  const holds = new Map(leads)
  const add = (loads: Map<string, number>, node: string | undefined) => {
    if (node !== undefined && loads.has(node)) loads.set(node, loads.get(node)! + 1)
  }
  for (const { replicas } of there) {
    add(leads, replicas[0])
    for (const node of replicas) add(holds, node)
  }
  return Array.from({ length: count }, () => {
    const chosen: NodeRecord[] = []
    while (chosen.length < Math.min(replicas, nodes.length)) {
      const zones = new Set(chosen.map(({ zone }) => zone))
      const left = nodes.filter(node => !chosen.includes(node))
      const elsewhere = left.filter(({ zone }) => !zones.has(zone))
      const loads = chosen.length === 0 ? [leads, holds] : [holds, leads]
      chosen.push(leastLoaded(elsewhere.length > 0 ? elsewhere : left, loads))
    }
    const names = chosen.map(({ node }) => node)
    add(leads, names[0])
    for (const name of names) add(holds, name)
    return names
  })
}

function leastLoaded(nodes: NodeRecord[], loads: Map<string, number>[]): NodeRecord {
  const compare = (a: NodeRecord, b: NodeRecord) => {
    for (const load of loads) {
      const difference = load.get(a.node)! - load.get(b.node)!
      if (difference !== 0) return difference
    }
    return a.node < b.node ? -1 : 1
  }
  return [...nodes].sort(compare)[0]!
}

/**
 * What a commit must change for the partitions to be as the table's record says; it fails when one of them has changed
 * meanwhile. Errors: those of `place`.
 */
export async function partitionChanges(
  metadata: Metadata,
  placement: Placement,
  table: TableRecord,
): Promise<{ guards: Guard[]; puts: { key: string; value: string }[] }> {
  const records = partitionRecords(table)
  const entries = await Promise.all(records.map(({ id }) => metadata.get(partitionKey(id))))
  const places = await placement.place(entries.filter(entry => !entry).length)
  const guards = records.map(({ id }, i) => ({ key: partitionKey(id), version: entries[i]?.version ?? 0 }))
  const puts = records.map((record, i) => {
    const entry = entries[i]
    const replicas = entry ? parsePartition(entry.value).replicas : places.shift()!
    return { key: partitionKey(record.id), value: JSON.stringify({ ...record, replicas }) }
  })
  return { guards, puts }
}
