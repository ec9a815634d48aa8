/** Table records. */
import { slices } from '../../../server/cluster/plan.ts'
import type { GlobalIndexRecord, TableRecord } from '../../../server/model/table.ts'

let ids = 0
const NONE = { read: 0, write: 0 }

export const cut = (count: number) => slices(count, () => `partition-${++ids}`)

export function globalIndex(name: string, more: Partial<GlobalIndexRecord> = {}): GlobalIndexRecord {
  return {
    id: `id of ${name}`,
    name,
    keySchema: [{ AttributeName: 'g', KeyType: 'HASH' }],
    projection: { ProjectionType: 'ALL' },
    status: 'ACTIVE',
    throughput: NONE,
    warmThroughput: NONE,
    partitions: cut(2),
    ...more,
  }
}

export function table(more: Partial<TableRecord> = {}): TableRecord {
  return {
    id: 'table-id',
    name: 'Table',
    status: 'ACTIVE',
    createdAt: 1,
    attributeDefinitions: [
      { AttributeName: 'id', AttributeType: 'S' },
      { AttributeName: 'g', AttributeType: 'S' },
    ],
    keySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    localIndexes: [],
    globalIndexes: [],
    billingMode: 'PAY_PER_REQUEST',
    throughput: NONE,
    warmThroughput: NONE,
    deletionProtection: false,
    tags: [],
    partitions: cut(2),
    schemaVersion: 1,
    ...more,
  }
}
