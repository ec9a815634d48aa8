/** Which Tables count: those that have the name they ask for. Of others nothing is made. */
import type { Records } from '../dataplane/records.ts'
import { type Table, tableNameOf } from '../resources/table.ts'
import type { Context } from './context.ts'

export function holdsName(table: Table, records: Records): boolean {
  const claim = records.claim(tableNameOf(table))
  return claim !== undefined && !('retained' in claim) && claim.uid === table.metadata.uid
}

export function countingTables({ caches, records }: Context): Table[] {
  return caches.tables.list().filter(table => holdsName(table, records))
}
