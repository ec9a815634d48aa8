/** What a Query or Scan reads: the table itself or one of its indexes. */

import type { RangeTarget } from '../../cluster/cluster.ts'
import { globalIndexKey, localIndexKey, rowKey } from '../../codec/key.ts'
import { validation } from '../../model/errors.ts'
import type { Item } from '../../model/item.ts'
import { type IndexSchema, type KeySchema, projectedNames } from '../../model/schema.ts'
import type { TableRecord } from '../../model/table.ts'
import { type DataSchema, namesOf, tableSchema } from './schema.ts'

export type Source = {
  table: TableRecord
  schema: DataSchema
  index: IndexSchema | undefined
  /** The index's, or the table's. */
  key: KeySchema
  /** The attributes that rows carry; undefined for all. */
  carried: Set<string> | undefined
  target: RangeTarget
}

/** @throws ValidationException if there is no such index, or it cannot be read, or not so */
export function sourceOf(table: TableRecord, indexName: string | undefined, consistent: boolean): Source {
  const schema = tableSchema(table)
  if (indexName === undefined) {
    return { table, schema, index: undefined, key: schema.key, carried: undefined, target: undefined }
  }
  const index = schema.indexes.find(({ name }) => name === indexName)
  if (index === undefined) throw noSuchIndex(indexName)
  const target = index.kind === 'LOCAL' ? { localIndex: index.id } : globalTarget(table, indexName, consistent)
  return { table, schema, index, key: index.key, carried: projectedNames(schema.key, index), target }
}

export function noSuchIndex(indexName: string) {
  return validation(`The table does not have the specified index: ${indexName}`)
}

function globalTarget(table: TableRecord, indexName: string, consistent: boolean): RangeTarget {
  if (consistent) throw validation('Consistent reads are not supported on global secondary indexes')
  const globalIndex = table.globalIndexes.find(({ name }) => name === indexName)!
  if (globalIndex.status === 'CREATING') {
    throw validation(`Cannot read from backfilling global secondary index: ${indexName}`)
  }
  return { globalIndex }
}

/** The names of the attributes that tell a row: what LastEvaluatedKey holds. */
export function keyNames({ schema, index }: Source): string[] {
  return index === undefined ? schema.keyNames : [...new Set([...schema.keyNames, ...namesOf(index.key)])]
}

/** The encoded key of the row that `item`, which has all of `keyNames`, has in the source. */
export function sourceKey({ schema, index }: Source, item: Item): Buffer {
  if (index === undefined) return rowKey(schema.key, item)
  return index.kind === 'LOCAL' ? localIndexKey(schema.key, index, item) : globalIndexKey(schema.key, index, item)
}
