/** The definitions of tables as requests bring them: names and shapes of the wire, past its model constraints. */
import type { StreamViewType } from '../../model/schema.ts'
import type { AttributeDefinition, KeySchemaElement, OnDemandThroughput, TableRecord, Tag } from '../../model/table.ts'

export type BillingMode = TableRecord['billingMode']
export type TableClass = 'STANDARD' | 'STANDARD_INFREQUENT_ACCESS'
export type ThroughputRequest = { ReadCapacityUnits: number; WriteCapacityUnits: number }
export type WarmRequest = { ReadUnitsPerSecond?: number; WriteUnitsPerSecond?: number }
export type StreamRequest = { StreamEnabled: boolean; StreamViewType?: StreamViewType }
export type EncryptionRequest = { Enabled?: boolean; SSEType?: 'AES256' | 'KMS'; KMSMasterKeyId?: string }
export type ProjectionRequest = { ProjectionType?: 'ALL' | 'KEYS_ONLY' | 'INCLUDE'; NonKeyAttributes?: string[] }

export type LocalIndexRequest = { IndexName: string; KeySchema: KeySchemaElement[]; Projection: ProjectionRequest }

/** Throughput of a table or a global index. */
type Throughputs = {
  ProvisionedThroughput?: ThroughputRequest
  OnDemandThroughput?: OnDemandThroughput
  WarmThroughput?: WarmRequest
}

export type GlobalIndexRequest = LocalIndexRequest & Throughputs

export type IndexThroughputRequest = { IndexName: string } & Throughputs

/** Settings that CreateTable and UpdateTable share. */
type Settings = Throughputs & {
  AttributeDefinitions?: AttributeDefinition[]
  BillingMode?: BillingMode
  StreamSpecification?: StreamRequest
  SSESpecification?: EncryptionRequest
  TableClass?: TableClass
  DeletionProtectionEnabled?: boolean
}

export type CreateRequest = Settings & {
  KeySchema?: KeySchemaElement[]
  LocalSecondaryIndexes?: LocalIndexRequest[]
  GlobalSecondaryIndexes?: GlobalIndexRequest[]
  Tags?: Tag[]
  ResourcePolicy?: string
}

export type IndexUpdateRequest = {
  Create?: GlobalIndexRequest
  Update?: IndexThroughputRequest
  Delete?: { IndexName: string }
}

type RegionRequest = { RegionName: string }

export type UpdateRequest = Settings & {
  GlobalSecondaryIndexUpdates?: IndexUpdateRequest[]
  ReplicaUpdates?: { Create?: RegionRequest; Update?: RegionRequest; Delete?: RegionRequest }[]
  MultiRegionConsistency?: 'EVENTUAL' | 'STRONG'
  GlobalTableWitnessUpdates?: object[]
  GlobalTableSettingsReplicationMode?: 'ENABLED' | 'DISABLED' | 'ENABLED_WITH_OVERRIDES'
}
