/** The metadata's layout: which keys there are, and what their values say. */
import type { PartitionSchema } from '../partition/schema.ts'
import type { HandedOver } from '../replica/sealing.ts'

/** Identity of a set of tables; ARNs show both. */
export type Realm = { account: string; region: string }

/** A storage node that lives: bound to its lease. */
export type NodeRecord = {
  node: string
  /** `http://127.0.0.1:9101`; undefined for this process. */
  address?: string
  zone: string
  /** Tables are on the nodes of one pool. */
  pool: string
  role: 'storage'
  /** Up to which format it reads logs and files; see `formatOf`. */
  format?: number
}

/** The pool of nodes, and of tables, that name none. */
export const DEFAULT_POOL = 'default'

/** How a table wishes to be placed: a key of its name, which may be there before the table. Tables that are there follow by moves. */
export type PlacementRecord = {
  pool: string
  /** Of each partition; fewer while the pool has fewer nodes. */
  replicas: number
  /** When it is made, and of each of its global indexes. */
  partitions: number
  /** Only nodes in these are taken; all, if absent. */
  zones?: string[]
}

/** A node that is to hold nothing. `since`: epoch milliseconds. */
export type DrainRecord = { since: number }

/** A node that has gone while partitions' records name it. `since`: when that was noticed, epoch milliseconds. */
export type AbsenceRecord = { since: number; zone?: string; pool?: string }

/** The server that looks after the cluster: bound to its lease. What it goes by, others tell. */
export type KeeperRecord = {
  /** How tables are placed that say nothing. */
  placement: PlacementRecord
  /** After which a node that is away is taken to be lost. */
  repairAfterMs: number
}

/** Why replicas are moved. */
export type MoveReason = 'repair' | 'drain' | 'placement' | 'replicas' | 'zones' | 'spread'

/** What of a partition's replicas is being changed: one comes, or one goes, or one takes another's place. */
export type Move = {
  /** Copies another replica's file and follows, but does not lead: it becomes one of `replicas` when it has caught up. */
  joining?: string
  /** One of `replicas`, until there are enough others. */
  leaving?: string
  why: MoveReason
  /** Epoch milliseconds. */
  since: number
}

/** A partition that should exist, and the nodes that hold it. Written by the cluster, watched by nodes. */
export type PartitionRecord = {
  id: string
  tableId: string
  /** The first is the one that should lead, if it can. */
  replicas: string[]
  move?: Move
  /** Whoever leads is to hand over to this one of `replicas` now. `since`: epoch milliseconds. */
  lead?: { node: string; since: number }
  /** Of a table's own partitions; those of a global index have none. */
  schema?: PartitionSchema
}

/** Bound to the leading node's lease: who leads, and how far it is with what the partition's record asks. */
export type LeaderRecord = {
  node: string
  /** The lease's id. */
  lease: string
  /** 0 as long as the node is not ready to lead. */
  epoch: number
  schemaVersion: number
  /** Global indexes, by id, whose rows were all made from the rows of this partition. */
  built: string[]
  /** The table is going, and no other partition needs what was decided here. */
  closed: boolean
  /** Of a partition that others take over from, once they have all of it. */
  sealed?: HandedOver
}

export const PARTITIONS = 'partitions/'
export const LEADERS = 'leaders/'
/** Who should lead next, where a leader has left. */
export const NEXT = 'next/'
export const NODES = 'nodes/'
export const PLACEMENTS = 'placements/'
export const DRAINS = 'drains/'
export const ABSENCES = 'absences/'
export const KEEPER = 'keeper/moves'
/** Partitions whose file was made, and on which node: one that is missing since is lost, not new. */
export const MADE = 'made/'

/** An id that sorts by time: `01700000000000-1a2b3c4d`. */
export function stampedId(time: number, uuid: string): string {
  return `${String(time).padStart(14, '0')}-${uuid.slice(0, 8)}`
}

export function tablesPrefix({ account, region }: Realm): string {
  return `tables/${account}/${region}/`
}

/** Records of deleted tables whose streams can still be read, by the table's id. */
export function remainsPrefix({ account, region }: Realm): string {
  return `remains/${account}/${region}/`
}

/** Where a table's record goes when the table goes. `key`: where it was. */
export function remainsKey(key: string, id: string): string {
  const [, account = '', region = ''] = key.split('/')
  return remainsPrefix({ account, region }) + id
}

export function tableKey(realm: Realm, name: string): string {
  return tablesPrefix(realm) + name
}

/** The directory of client tokens (tokens.ts): a table's record, but none of the realm's tables. */
export function tokensKey({ account, region }: Realm): string {
  return `system/${account}/${region}/tokens`
}

export function partitionKey(id: string): string {
  return PARTITIONS + id
}

export function leaderKey(id: string): string {
  return LEADERS + id
}

export function nextKey(id: string): string {
  return NEXT + id
}

export function nodeKey(node: string): string {
  return NODES + node
}

/** `table`: its name. */
export function placementKey(table: string): string {
  return PLACEMENTS + table
}

export function drainKey(node: string): string {
  return DRAINS + node
}

export function absenceKey(node: string): string {
  return ABSENCES + node
}

/** Without a node: of all nodes, and of the only one there was before there were several. */
export function madeKey(id: string, node?: string): string {
  return node === undefined ? MADE + id : `${MADE}${id}/${node}`
}

/** Before there were replicas, a record named its one node. */
export function parsePartition(value: string): PartitionRecord {
  const { node, ...record } = JSON.parse(value) as PartitionRecord & { node?: string }
  return { ...record, replicas: record.replicas ?? [node!] }
}

/** Before there were pools, a record named none. */
export function parseNode(value: string): NodeRecord {
  return { pool: DEFAULT_POOL, ...(JSON.parse(value) as Omit<NodeRecord, 'pool'>) }
}

/** Before they said so, nodes read formats up to 4. */
export function formatOf({ format = 4 }: NodeRecord): number {
  return format
}

/** The nodes that have the partition's file, or are coming by it. */
export function holdersOf({ replicas, move }: PartitionRecord): string[] {
  return move?.joining === undefined ? replicas : [...replicas, move.joining]
}
