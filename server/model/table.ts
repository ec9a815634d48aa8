/**
 * A table as the metadata store keeps it: everything that describes the table, nothing of its items.
 * Members that the API shows verbatim keep the API's own spelling and shape. Times are epoch milliseconds.
 */
import type { ScalarType } from './item.ts'
import type { IndexSchema, KeySchema, Projection, StreamViewType, TableSchema } from './schema.ts'

export type TableStatus = 'CREATING' | 'UPDATING' | 'DELETING' | 'ACTIVE'
/** What of a table is being changed. */
export type UpdateCause = 'THROUGHPUT' | 'BILLING_MODE' | 'ON_DEMAND' | 'STREAM' | 'TABLE_CLASS' | 'INDEX'
export type IndexStatus = 'CREATING' | 'UPDATING' | 'DELETING' | 'ACTIVE'

export type AttributeDefinition = { AttributeName: string; AttributeType: ScalarType }
export type KeySchemaElement = { AttributeName: string; KeyType: 'HASH' | 'RANGE' }
export type ProjectionDefinition = { ProjectionType: 'ALL' | 'KEYS_ONLY' | 'INCLUDE'; NonKeyAttributes?: string[] }
export type OnDemandThroughput = { MaxReadRequestUnits?: number; MaxWriteRequestUnits?: number }
export type Tag = { Key: string; Value: string }

/** A stream that was disabled. Times: when it was. */
export type PastStream = { label: string; viewType: StreamViewType; endedAt: number }

export type ProvisionedThroughput = {
  read: number
  write: number
  lastIncrease?: number
  lastDecrease?: number
  /** Times of this UTC day's decreases. */
  decreases?: number[]
}

/** A resource-based policy. Without `document`: it was removed, and the revision tells when. */
export type ResourcePolicy = { document?: string; revisionId: string }

/** Whether and how keys are counted. `since`: when that began. */
export type ContributorInsights = {
  enabled: boolean
  mode: 'ACCESSED_AND_THROTTLED_KEYS' | 'THROTTLED_KEYS'
  since: number
  changedAt: number
}

/** A Kinesis stream that the table was asked to feed. There is none to be found: all of them have failed. */
export type KinesisDestination = { streamArn: string; precision?: 'MILLISECOND' | 'MICROSECOND' }

export type WarmThroughput = { read: number; write: number }

/** A slice of the hash space, `from` inclusive, `to` exclusive, of 0 .. 2^32. */
export type PartitionSlice = {
  id: string
  from: number
  to: number
  /** Of one that has taken over from others: positions of their logs came before this, those of its own come after. */
  base?: number
  /** Of a global index's, that has taken over from others, until it knows: what those had taken in, by source. */
  consumed?: Record<string, number>
  /** Beside `consumed`: the table's schema version that tells it. */
  told?: number
}

/** Partitions that others are about to take over from: a split, if there are more of the others, a merge, if fewer. */
export type Resharding = {
  id: string
  /** The new partitions are being made; the rows go over; no changes are taken any more until all have gone over. */
  phase: 'making' | 'filling' | 'sealing'
  /** The id of the global index whose partitions these are; the table's own otherwise. */
  index?: string
  /** They cover the same stretch of the hash space as the children. */
  parents: string[]
  children: PartitionSlice[]
  since: number
}

/**
 * A partition that others have taken over from, at `since`. It is kept while its streams, decisions and history are needed.
 * `archived`: the archive of a table with point-in-time recovery has all of it.
 */
export type RetiredPartition = PartitionSlice & { heirs: string[]; since: number; archived?: boolean }

export type LocalIndexRecord = {
  id: string
  name: string
  keySchema: KeySchemaElement[]
  projection: ProjectionDefinition
}

export type GlobalIndexRecord = LocalIndexRecord & {
  status: IndexStatus
  /** Present only on indexes added to an existing table, while CREATING. */
  backfilling?: boolean
  throughput: ProvisionedThroughput
  onDemandThroughput?: OnDemandThroughput
  warmThroughput: WarmThroughput
  contributorInsights?: ContributorInsights
  partitions: PartitionSlice[]
  /** While DELETING: its partitions were told to go. Set by the cluster. */
  dropped?: boolean
}

/**
 * What a new table is filled from: a backup or an import, by its key in the metadata; or the archive `archive` of table
 * `tableId`, as it was at `time`.
 */
export type Filling =
  | ({ kind: 'backup'; key: string; backupArn: string } & RestoredFrom)
  | ({ kind: 'archive'; tableId: string; archive: string } & RestoredFrom)
  | { kind: 'import'; key: string }

type RestoredFrom = { tableArn: string; time: number }

export type TableRecord = {
  /** UUID: the table's identity. A re-created table of the same name inherits nothing. */
  id: string
  name: string
  status: TableStatus
  /** Why the status is UPDATING; of no meaning in any other status. */
  updating?: UpdateCause
  createdAt: number
  attributeDefinitions: AttributeDefinition[]
  keySchema: KeySchemaElement[]
  localIndexes: LocalIndexRecord[]
  globalIndexes: GlobalIndexRecord[]
  billingMode: 'PROVISIONED' | 'PAY_PER_REQUEST'
  /** Set by the first switch to, or creation as, PAY_PER_REQUEST; shows as BillingModeSummary ever after. */
  lastUpdateToPayPerRequest?: number
  /** Times of the switches to PAY_PER_REQUEST of the last 24 hours. */
  payPerRequestSwitches?: number[]
  throughput: ProvisionedThroughput
  onDemandThroughput?: OnDemandThroughput
  warmThroughput: WarmThroughput
  deletionProtection: boolean
  /** Absent while STANDARD was never changed. `updates`: times of the changes of the last 30 days. */
  tableClass?: { class: 'STANDARD' | 'STANDARD_INFREQUENT_ACCESS'; lastUpdate?: number; updates: number[] }
  /** Absent while encrypted with the service's own key. */
  sse?: { type: 'KMS'; keyArn: string }
  /** Times of the changes of encryption of the last 24 hours. */
  sseChanges?: number[]
  stream?: { viewType: StreamViewType }
  latestStreamLabel?: string
  /** The oldest first; those that nobody can read any more are left out at the next change. */
  pastStreams?: PastStream[]
  tags: Tag[]
  /** Present while enabled. `id`: of the archive; `days` can be recovered. */
  pointInTimeRecovery?: { id: string; since: number; days: number }
  /** While CREATING: where its items come from. Absent once they are all there. */
  filling?: Filling
  /** While DELETING: the last backup, which comes before everything else. */
  farewell?: { backup: string; time: number }
  resourcePolicy?: ResourcePolicy
  /** Of the table's streams, by label. */
  streamPolicies?: { [label: string]: ResourcePolicy }
  contributorInsights?: ContributorInsights
  /** The latest first. */
  kinesisDestinations?: KinesisDestination[]
  /** As asked for; of no effect without replicas. */
  replicationMode?: 'ENABLED' | 'DISABLED'
  timeToLive?: { attribute: string; enabled: boolean; changedAt: number }
  partitions: PartitionSlice[]
  /** While partitions are split or merged. Set by the cluster. */
  resharding?: Resharding
  /** The oldest first. Set by the cluster. */
  retired?: RetiredPartition[]
  /** Grows when keys, indexes, stream or time to live change, so that partitions know they must follow. Kept by the cluster. */
  schemaVersion?: number
  /** That all partitions are to know, if it is not the same: see cluster/versions.ts. Kept by the cluster. */
  commonVersion?: number
  /** Since when it is DELETING. Set by the cluster. */
  deletedAt?: number
  /** While DELETING: its partitions were told to go. Set by the cluster. */
  dropped?: boolean
}

/** Keys, indexes, stream and time to live as the partitions need them, of a record as the metadata keeps it. */
export function schemaOf(table: TableRecord): TableSchema {
  const types = new Map(table.attributeDefinitions.map(d => [d.AttributeName, d.AttributeType]))
  const indexes = [
    ...table.localIndexes.map(index => indexSchema(index, 'LOCAL', types)),
    ...table.globalIndexes
      .filter(index => index.status !== 'DELETING')
      .map(index => indexSchema(index, 'GLOBAL', types)),
  ]
  indexes.sort((a, b) => (a.name < b.name ? -1 : 1))
  const schema: TableSchema = { tableId: table.id, key: keySchemaOf(table.keySchema, types), indexes }
  if (table.stream) schema.stream = { label: table.latestStreamLabel!, viewType: table.stream.viewType }
  if (table.timeToLive?.enabled) schema.timeToLive = table.timeToLive.attribute
  return schema
}

function indexSchema(index: LocalIndexRecord, kind: 'LOCAL' | 'GLOBAL', types: Map<string, ScalarType>): IndexSchema {
  return {
    id: index.id,
    name: index.name,
    kind,
    key: keySchemaOf(index.keySchema, types),
    projection: projectionOf(index.projection),
  }
}

function keySchemaOf(elements: KeySchemaElement[], types: Map<string, ScalarType>): KeySchema {
  const typed = (keyType: 'HASH' | 'RANGE') =>
    elements
      .filter(element => element.KeyType === keyType)
      .map(element => ({ name: element.AttributeName, type: types.get(element.AttributeName)! }))
  return { hash: typed('HASH'), range: typed('RANGE') }
}

function projectionOf(definition: ProjectionDefinition): Projection {
  if (definition.ProjectionType !== 'INCLUDE') return { type: definition.ProjectionType }
  return { type: 'INCLUDE', attributes: definition.NonKeyAttributes ?? [] }
}
