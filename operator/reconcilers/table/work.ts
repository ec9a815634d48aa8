/** A Table on its way up the ladder: each rung sees to one concern, and pauses the climb until that is as it should be. */
import type { TableRecord } from '../../../server/model/table.ts'
import { type Settings, TABLES, type Table, tableNameOf } from '../../resources/table.ts'
import { workloadOf } from '../../specs/names.ts'
import { type Pool, poolOf } from '../../specs/pool.ts'
import { countingTables } from '../claims.ts'
import type { Context, Pause } from '../context.ts'

export type TableWork = {
  table: Table
  /** In the DynamoDB API. */
  name: string
  pool: Pool
  /** Of the table, if it is there and this resource's. */
  record: TableRecord | undefined
  /** What resource and table agree on; of status. */
  synced: Settings | undefined
  /** What of the settings can't be had, and why. */
  refused: string[]
}

export type Rung = (work: TableWork, context: Context) => Promise<Pause | undefined>

export function workOf(table: Table, context: Context): TableWork {
  const others = countingTables(context).filter(({ metadata }) => metadata.uid !== table.metadata.uid)
  return {
    table,
    name: tableNameOf(table),
    pool: poolOf([...others, table], table.metadata.namespace!, workloadOf(table), context.usual)!,
    record: undefined,
    synced: table.status?.synced,
    refused: [],
  }
}

/** Writes the metadata of a resource. */
export async function patchTable(work: TableWork, context: Context, patch: object, manager?: string): Promise<void> {
  const { namespace, name, resourceVersion } = work.table.metadata
  const { metadata = {}, ...rest } = patch as { metadata?: object }
  const body = { metadata: { namespace, name, resourceVersion, ...metadata }, ...rest }
  const patched = await context.client.merge(TABLES, body as never, manager)
  context.caches.tables.put(patched)
  work.table = patched
}
