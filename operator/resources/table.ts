/** The custom resource Table, as crds/table.yaml has it. */
import type { Kind } from '../kube/kinds.ts'
import type { Condition, KubeObject, ResourceRequirements } from '../kube/objects.ts'

export const GROUP = 'tavola.dev'
export const API_VERSION = `${GROUP}/v1alpha1`

/** The fields of AWS Controllers for Kubernetes, and so DynamoDB's own but for the first letter. */
export type Settings = {
  billingMode?: 'PROVISIONED' | 'PAY_PER_REQUEST'
  provisionedThroughput?: { readCapacityUnits: number; writeCapacityUnits: number }
  onDemandThroughput?: { maxReadRequestUnits?: number; maxWriteRequestUnits?: number }
  warmThroughput?: { readUnitsPerSecond?: number; writeUnitsPerSecond?: number }
  tableClass?: 'STANDARD' | 'STANDARD_INFREQUENT_ACCESS'
  deletionProtectionEnabled?: boolean
  streamSpecification?: { streamEnabled?: boolean; streamViewType?: string }
  sseSpecification?: { enabled?: boolean; sseType?: string; kmsMasterKeyID?: string }
  timeToLive?: { attributeName?: string; enabled?: boolean }
  tags?: { key: string; value?: string }[]
  resourcePolicy?: string
  continuousBackups?: { pointInTimeRecoveryEnabled?: boolean; recoveryPeriodInDays?: number }
  contributorInsights?: 'ENABLE' | 'DISABLE'
  globalSecondaryIndexes?: GlobalIndex[]
}

export type KeyElement = { attributeName: string; keyType: 'HASH' | 'RANGE' }
export type AttributeDefinition = { attributeName: string; attributeType: 'S' | 'N' | 'B' }

export type LocalIndex = {
  indexName: string
  keySchema: KeyElement[]
  projection: { projectionType?: string; nonKeyAttributes?: string[] }
}

export type GlobalIndex = LocalIndex & Pick<Settings, 'provisionedThroughput' | 'onDemandThroughput' | 'warmThroughput'>

export type RestoreFrom = {
  backup?: { name?: string; arn?: string }
  pointInTime?: { tableName: string; time?: string }
  export?: { bucket: string; prefix?: string; format: 'DYNAMODB_JSON' | 'ION' | 'CSV'; compression: string }
}

export type TableSpec = Settings & {
  tableName?: string
  attributeDefinitions?: AttributeDefinition[]
  keySchema?: KeyElement[]
  localSecondaryIndexes?: LocalIndex[]
  storage: { pool?: string; nodes: number; size: string; storageClassName?: string }
  replicas: number
  partitions?: number
  zones?: string[]
  resources?: ResourceRequirements
  restoreFrom?: RestoreFrom
  deletionPolicy: 'Retain' | 'Delete'
  paused: boolean
}

export type TableStatus = {
  observedGeneration?: number
  conditions?: Condition[]
  tableName?: string
  tableStatus?: string
  tableArn?: string
  tableId?: string
  billingMode?: string
  creationDateTime?: string
  itemCount?: number
  tableSizeBytes?: number
  latestStreamArn?: string
  indexes?: { name: string; status?: string; backfilling?: boolean; itemCount?: number; indexSizeBytes?: number }[]
  partitions?: number
  replicas?: { wanted: number; healthy: number; summary: string }
  zones?: string[]
  zoneSummary?: string
  storage?: { pool: string; statefulSet: string; nodes: number; readyNodes: number; selector: string }
  /** What resource and table last agreed on; see specs/settings.ts. */
  synced?: Settings
}

export type Table = KubeObject & { spec: TableSpec; status?: TableStatus }

export const TABLES: Kind<Table> = { apiVersion: API_VERSION, kind: 'Table', plural: 'tables' }

/** Keeps a resource until what it stands for is taken care of. */
export const FINALIZER = `${GROUP}/operator`
/** Where a Table came from, if it was not made with kubectl: `api`. */
export const ORIGIN = `${GROUP}/origin`

/** The table's name in the DynamoDB API. */
export function tableNameOf({ spec, metadata }: Table): string {
  return spec.tableName ?? metadata.name
}
