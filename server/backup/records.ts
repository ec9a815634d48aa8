/** What the metadata says of backups and archives. Keys show the realm and the table's name, so that a prefix finds a table's own. */
import type { Realm } from '../cluster/records.ts'
import type { TableRecord } from '../model/table.ts'
import type { RowStatistics } from '../store/rows.ts'
import type { Sealed } from './sealed.ts'

export type BackupRecord = {
  /** The last part of its ARN. */
  id: string
  name: string
  type: 'USER' | 'SYSTEM'
  /** DELETING is seen by nobody: what is left of it is being removed. */
  status: 'CREATING' | 'AVAILABLE' | 'DELETING'
  /** Epoch milliseconds. */
  createdAt: number
  expiresAt?: number
  /** The source, as it was. */
  table: TableRecord
  statistics: RowStatistics
  /** Once AVAILABLE. */
  manifest?: Sealed
}

/** The snapshots and log entries of a table that can be recovered to any point in time. */
export type ArchiveRecord = {
  /** Key in the metadata of the table. */
  tableId: string
  id: string
  /** Oldest first. */
  bases: Base[]
  /** By partition, the last entry that is archived. */
  archived: Record<string, number>
  /** By partition, those that have taken over from it: what happened later to its items is in their logs. */
  heirs?: Record<string, string[]>
  /** Bytes of entries archived since the last base. */
  since: number
  /** Everything up to here can be recovered; epoch milliseconds. */
  latest: number
}

export type Base = { time: number; manifest: Sealed; bytes: number }

const BACKUPS = 'backups/'
export const ARCHIVES = 'archives/'

/** Of one table's backups, or of all of them. */
export function backupsPrefix({ account, region }: Realm, table?: string): string {
  const all = `${BACKUPS}${account}/${region}/`
  return table === undefined ? all : `${all}${table}/`
}

export function backupKey(realm: Realm, table: string, id: string): string {
  return backupsPrefix(realm, table) + id
}

export function archiveKey(tableId: string, id: string): string {
  return `${ARCHIVES}${tableId}/${id}`
}

/** Names of the objects of a backup begin with it. */
export function backupObjects({ table, id }: BackupRecord): string {
  return `backups/${table.id}/${id}/`
}

export function archiveObjects({ tableId, id }: Pick<ArchiveRecord, 'tableId' | 'id'>): string {
  return `archives/${tableId}/${id}/`
}
