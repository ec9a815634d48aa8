/** ItemCollectionMetrics: the size of all items under one partition key, in tables with local indexes. */
import type { Cluster } from '../../cluster/cluster.ts'
import { getOwn, type Item } from '../../model/item.ts'
import type { TableRecord } from '../../model/table.ts'
import { decimal } from './consumed.ts'
import { tableSchema } from './schema.ts'

export type CollectionReport = 'SIZE' | 'NONE'

const GIGABYTE = 2 ** 30

/**
 * An upper bound, in whole gigabytes, of the size of any item collection of the table: the table and its local indexes
 * together, so that the estimate is a true range, and costs nothing. It is [0, 1] for any table below a gigabyte.
 */
export async function collectionBound(cluster: Cluster, table: TableRecord): Promise<number> {
  const statistics = await cluster.tables.statistics(table)
  let { bytes } = statistics.table
  for (const { name } of table.localIndexes) bytes += getOwn(statistics.indexes, name)?.bytes ?? 0
  return Math.max(1, Math.ceil(bytes / GIGABYTE))
}

/** One ItemCollectionMetrics structure, of the collection that `key` belongs to. */
export function collectionMetrics(table: TableRecord, key: Item, gigabytes: number): string {
  const { name } = tableSchema(table).key.hash[0]!
  const hash = `{${JSON.stringify(name)}:${JSON.stringify(getOwn(key, name))}}`
  return `{"ItemCollectionKey":${hash},"SizeEstimateRangeGB":[0.0,${decimal(gigabytes)}]}`
}
