/** Which versions of its schema a table's partitions are to know. A partition's record has the one at which it was last told. Pure. */
import type { TableRecord } from '../model/table.ts'

type Versions = Pick<TableRecord, 'schemaVersion' | 'commonVersion'>

/** The version that all partitions are to know, at least. Those that a later one concerns are told of it, and no others. */
export function commonVersion({ schemaVersion = 0, commonVersion = schemaVersion }: Versions): number {
  return commonVersion
}

/** That of the next change. */
export function nextVersion({ schemaVersion = 0 }: Versions): number {
  return schemaVersion + 1
}

/** The table with a change that all of its partitions must know. */
export function toldToAll<T extends Versions>({ commonVersion: _, ...table }: T): Omit<T, 'commonVersion'> {
  return { ...table, schemaVersion: nextVersion(table) }
}

/**
 * The table with a change that those of its partitions must know whose schema is another one by it: with many partitions,
 * telling all of them of each step of each split would be most of what a cluster does while a table grows.
 */
export function toldToSome<T extends Versions>(table: T): T {
  return { ...table, schemaVersion: nextVersion(table), commonVersion: commonVersion(table) }
}
