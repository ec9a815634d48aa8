/** The custom resources Backup and ScheduledBackup, as their files in crds/ have them. */
import type { Kind } from '../kube/kinds.ts'
import type { Condition, KubeObject } from '../kube/objects.ts'
import { API_VERSION } from './table.ts'

export type Backup = KubeObject & {
  spec: { table: string; backupName?: string; deletionPolicy: 'Retain' | 'Delete' }
  status?: BackupStatus
}

export type BackupStatus = {
  observedGeneration?: number
  conditions?: Condition[]
  backupStatus?: string
  backupArn?: string
  backupSizeBytes?: number
  backupCreationDateTime?: string
  tableArn?: string
  tableId?: string
}

export type ScheduledBackup = KubeObject & {
  spec: {
    table: string
    schedule: string
    timeZone: string
    suspend: boolean
    retention?: { count?: number; days?: number }
  }
  status?: ScheduledBackupStatus
}

export type ScheduledBackupStatus = {
  observedGeneration?: number
  conditions?: Condition[]
  lastScheduleTime?: string
  nextScheduleTime?: string
  lastBackup?: string
  kept?: number
}

export const BACKUPS: Kind<Backup> = { apiVersion: API_VERSION, kind: 'Backup', plural: 'backups' }
export const SCHEDULED_BACKUPS: Kind<ScheduledBackup> = {
  apiVersion: API_VERSION,
  kind: 'ScheduledBackup',
  plural: 'scheduledbackups',
}
