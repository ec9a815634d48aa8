/** What reconcilers work with. */
import type { Clock } from '../../server/base/clock.ts'
import type { Logger } from '../../server/base/logger.ts'
import type { Api } from '../dataplane/api.ts'
import type { Mappings } from '../dataplane/mappings.ts'
import type { Records } from '../dataplane/records.ts'
import type { ClusterState } from '../dataplane/state.ts'
import type { KubeClient } from '../kube/client.ts'
import type { KubeObject, PersistentVolumeClaim, Pod, StatefulSet } from '../kube/objects.ts'
import type { Recorder } from '../kube/recorder.ts'
import type { Reflector } from '../kube/reflector.ts'
import type { Backup, ScheduledBackup } from '../resources/backup.ts'
import type { StreamTrigger } from '../resources/streamtrigger.ts'
import type { Table } from '../resources/table.ts'
import type { DefaultPool } from '../specs/pool.ts'
import type { StorageSettings } from '../specs/storage.ts'

/** What the API server has, of the operator's concern. */
export type Caches = {
  tables: Reflector<Table>
  backups: Reflector<Backup>
  schedules: Reflector<ScheduledBackup>
  triggers: Reflector<StreamTrigger>
  statefulSets: Reflector<StatefulSet>
  pods: Reflector<Pod>
  volumes: Reflector<PersistentVolumeClaim>
  /** Services, disruption budgets and network policies, by their kind. */
  others: Map<string, Reflector<KubeObject>>
}

export type Context = {
  client: KubeClient
  caches: Caches
  api: Api
  records: Records
  mappings: Mappings
  /** How the cluster was a moment ago at most. Errors: ApiError. */
  state(): Promise<ClusterState>
  record: Recorder
  clock: Clock
  logger: Logger
  storage: StorageSettings
  usual: DefaultPool
  /** What pools are kept from being as wished by, by their keys. */
  pauses: Map<string, Pause>
  /** Asks for the pool to be looked at; by its key. */
  lookAtPool(key: string): void
  /** Asks for a pool's tables to be looked at. */
  lookAtTables(pool: string): void
}

/** Why a ladder is not climbed further for now. */
export type Pause = {
  /** In one word, for conditions. */
  reason: string
  message: string
  /** When to look again, in milliseconds, if nothing is heard before. */
  againMs?: number
  /** Something is wrong that does not pass by itself. */
  isTrouble?: boolean
}
