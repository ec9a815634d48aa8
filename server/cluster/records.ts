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
  role: 'storage'
}

/** A partition that should exist, and the nodes that hold it. Written by the cluster, watched by nodes. */
export type PartitionRecord = {
  id: string
  tableId: string
  /** The first is the one that should lead, if it can. */
  replicas: string[]
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

/** Without a node: of all nodes, and of the only one there was before there were several. */
export function madeKey(id: string, node?: string): string {
  return node === undefined ? MADE + id : `${MADE}${id}/${node}`
}

/** Before there were replicas, a record named its one node. */
export function parsePartition(value: string): PartitionRecord {
  const { node, ...record } = JSON.parse(value) as PartitionRecord & { node?: string }
  return { ...record, replicas: record.replicas ?? [node!] }
}
