/** Key schemas and secondary indexes: what evaluation, routing and validation need to know of a table. */
import type { ScalarType } from './item.ts'

/** One key attribute. */
export type KeyAttribute = { name: string; type: ScalarType }

/** Tables and local indexes have one hash and at most one range attribute; global indexes up to four of each. */
export type KeySchema = { hash: KeyAttribute[]; range: KeyAttribute[] }

export type Projection =
  | { type: 'ALL' }
  | { type: 'KEYS_ONLY' }
  /** Keys and these. */
  | { type: 'INCLUDE'; attributes: string[] }

export type IndexSchema = {
  /** Unique over the table's life: an index made again under an old name inherits nothing. */
  id: string
  name: string
  kind: 'LOCAL' | 'GLOBAL'
  key: KeySchema
  projection: Projection
}

/** What of a change a stream's records show, beside the key. */
export type StreamViewType = 'NEW_IMAGE' | 'OLD_IMAGE' | 'NEW_AND_OLD_IMAGES' | 'KEYS_ONLY'

/** A stream that records the table's changes. `label`: unique among the table's streams. */
export type StreamSchema = { label: string; viewType: StreamViewType }

export type TableSchema = {
  /** UUID; the table's identity. */
  tableId: string
  key: KeySchema
  /** In name order, so that the first offending index of an item is the one DynamoDB names. */
  indexes: IndexSchema[]
  /** Absent if changes are not recorded. */
  stream?: StreamSchema
  /** The attribute that tells when an item expires. Absent if none does. */
  timeToLive?: string
}

/** All key attributes, hash first. */
export function keyAttributes(key: KeySchema): KeyAttribute[] {
  return key.range.length === 0 ? key.hash : [...key.hash, ...key.range]
}

/** Names of the attributes that every entry of the index carries; undefined for all attributes. */
export function projectedNames(table: KeySchema, index: IndexSchema): Set<string> | undefined {
  if (index.projection.type === 'ALL') return undefined
  const names = new Set([...keyAttributes(index.key), ...keyAttributes(table)].map(attribute => attribute.name))
  if (index.projection.type === 'INCLUDE') for (const name of index.projection.attributes) names.add(name)
  return names
}
