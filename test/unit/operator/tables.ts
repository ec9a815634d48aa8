/** Tables and records for tests of what is made of them. */
import type { Table, TableSpec } from '../../../operator/resources/table.ts'
import type { StorageSettings } from '../../../operator/specs/storage.ts'
import type { TableRecord } from '../../../server/model/table.ts'

export const USUAL = { namespace: 'tavola', nodes: 3, size: '10Gi' }

export const STORAGE: StorageSettings = {
  ...{ image: 'tavola', etcd: ['http://etcd:2379'], nats: [], log: 'etcd', logReplicas: 3 },
  ...{ prefix: 'tavola', region: 'us-east-1', logLevel: 'warn' },
}

/** As the API server answers it, with its defaults. */
export function tableOf(name: string, spec: Partial<TableSpec> = {}, metadata: object = {}): Table {
  return {
    apiVersion: 'tavola.dev/v1alpha1',
    kind: 'Table',
    metadata: { name, namespace: 'shop', uid: `uid of ${name}`, generation: 1, ...metadata },
    spec: {
      attributeDefinitions: [{ attributeName: 'id', attributeType: 'S' }],
      keySchema: [{ attributeName: 'id', keyType: 'HASH' }],
      storage: { nodes: 3, size: '10Gi' },
      replicas: 3,
      deletionPolicy: 'Retain',
      paused: false,
      ...spec,
    },
  }
}

export function recordOf(name: string, members: Partial<TableRecord> = {}): TableRecord {
  return {
    id: `id of ${name}`,
    name,
    status: 'ACTIVE',
    createdAt: 0,
    attributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    keySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    localIndexes: [],
    globalIndexes: [],
    billingMode: 'PAY_PER_REQUEST',
    throughput: { read: 0, write: 0 },
    warmThroughput: { read: 12_000, write: 4000 },
    deletionProtection: false,
    tags: [],
    partitions: [{ id: 'p', from: 0, to: 2 ** 32 }],
    ...members,
  }
}
