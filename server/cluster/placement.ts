/** Which storage nodes hold new partitions: those of the table's pool, spread over zones and nodes. What is there, moves. */
import { isDeepStrictEqual } from 'node:util'
import type { Guard, Metadata } from '../metadata/metadata.ts'
import { internalServerError } from '../model/errors.ts'
import type { TableRecord } from '../model/table.ts'
import type { PartitionSchema } from '../partition/schema.ts'
import { partitionRecords } from './plan.ts'
import {
  DEFAULT_POOL,
  DRAINS,
  holdersOf,
  NODES,
  type NodeRecord,
  PARTITIONS,
  type PartitionRecord,
  type PlacementRecord,
  parseNode,
  parsePartition,
  partitionKey,
  placementKey,
} from './records.ts'
import { commonVersion } from './versions.ts'

/** Where new tables' partitions go. */
export type Placement = {
  /** How the table, by its name, is to be placed. */
  wish(table: string): Promise<PlacementRecord>
  /** The nodes of `count` new partitions; of each, the one that should lead comes first. Errors: InternalServerError, if there are none. */
  place(count: number, wish: PlacementRecord): Promise<string[][]>
}

/** All on one node. */
export function onOneNode(node: string, partitionsPerTable: number): Placement {
  const wish = { pool: DEFAULT_POOL, replicas: 1, partitions: partitionsPerTable }
  return { wish: async () => wish, place: async count => Array.from({ length: count }, () => [node]) }
}

/** On so many of the nodes that live, or on as many as there are, if the table's own placement says nothing else. */
export function overNodes(metadata: Metadata, replicas: number, partitionsPerTable: number): Placement {
  return {
    async wish(table) {
      const own = await metadata.get(placementKey(table))
      return placementOf(own?.value, { pool: DEFAULT_POOL, replicas, partitions: partitionsPerTable })
    },
    async place(count, wish) {
      const drained = new Set((await metadata.list(DRAINS)).map(({ key }) => key.slice(DRAINS.length)))
      const living = (await metadata.list(NODES)).map(({ value }) => parseNode(value))
      const nodes = living.filter(node => isWished(node, wish) && !drained.has(node.node))
      const there = (await metadata.list(PARTITIONS)).map(({ value }) => parsePartition(value))
      if (nodes.length === 0) throw internalServerError()
      return spread(nodes, there, count, wish.replicas)
    },
  }
}

/** What a placement's record says; `otherwise` where it says nothing, or nothing that makes sense. */
export function placementOf(value: string | undefined, otherwise: PlacementRecord): PlacementRecord {
  if (value === undefined) return otherwise
  const { pool, replicas, partitions, zones } = JSON.parse(value) as { [member in keyof PlacementRecord]?: unknown }
  const count = (given: unknown, usual: number) =>
    Number.isInteger(given) && Number(given) > 0 ? Number(given) : usual
  return {
    pool: typeof pool === 'string' ? pool : otherwise.pool,
    replicas: count(replicas, otherwise.replicas),
    partitions: count(partitions, otherwise.partitions),
    ...(Array.isArray(zones) && { zones: zones.map(String) }),
  }
}

/** Whether the table may be on the node. */
export function isWished({ pool, zone }: Pick<NodeRecord, 'pool' | 'zone'>, wish: PlacementRecord): boolean {
  return pool === wish.pool && (wish.zones === undefined || wish.zones.includes(zone))
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
  for (const partition of there) {
    add(leads, partition.replicas[0])
    for (const node of holdersOf(partition)) add(holds, node)
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
 * What a commit must change for the partitions to be as the table's record says; it fails when one of those has changed meanwhile.
 * `before`: the record that the commit replaces; what it said of a partition, that one knows. Errors: those of `place`.
 */
export async function partitionChanges(
  metadata: Metadata,
  placement: Placement,
  table: TableRecord,
  before?: TableRecord,
): Promise<{ guards: Guard[]; puts: { key: string; value: string }[] }> {
  const isForAll = !before || commonVersion(table) !== commonVersion(before)
  const known = new Map(isForAll ? [] : partitionRecords(before).map(({ id, schema }) => [id, { schema }]))
  const records = partitionRecords(table).filter(({ id, schema }) => !isKnown(schema, known.get(id)))
  const entries = await Promise.all(records.map(({ id }) => metadata.get(partitionKey(id))))
  const missing = entries.filter(entry => !entry).length
  const places = missing === 0 ? [] : await placement.place(missing, await placement.wish(table.name))
  const guards = records.map(({ id }, i) => ({ key: partitionKey(id), version: entries[i]?.version ?? 0 }))
  const puts = records.map((record, i) => {
    const entry = entries[i]
    const where = entry ? whereOf(parsePartition(entry.value)) : { replicas: places.shift()! }
    return { key: partitionKey(record.id), value: JSON.stringify({ ...record, ...where }) }
  })
  return { guards, puts }
}

/** Whether there is nothing new in the schema but its version. One that need know nothing any more may know what it does. */
function isKnown(schema: PartitionSchema | undefined, known: { schema?: PartitionSchema } | undefined): boolean {
  if (!known || !schema || !known.schema) return known !== undefined && schema === undefined
  return isDeepStrictEqual({ ...known.schema, version: schema.version }, schema)
}

/** What of a record is placement's and the moves'. */
function whereOf({ replicas, move, lead }: PartitionRecord): Pick<PartitionRecord, 'replicas' | 'move' | 'lead'> {
  return { replicas, ...(move && { move }), ...(lead && { lead }) }
}
