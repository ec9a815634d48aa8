/** The table of the registers: with an index and a stream, made of several partitions. */
import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb'
import { hashOfRow, rowKey } from '../../../server/codec/key.ts'
import type { KeySchema } from '../../../server/model/schema.ts'
import { TABLE } from '../crash/api.ts'
import type { IndexShape } from '../crash/check.ts'

/** Of each table and index. */
export const PARTITIONS = 2

export const CREATE: CreateTableCommandInput = {
  TableName: TABLE,
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'N' },
    { AttributeName: 'category', AttributeType: 'S' },
  ],
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'ByCategory',
      KeySchema: [{ AttributeName: 'category', KeyType: 'HASH' }],
      Projection: { ProjectionType: 'ALL' },
    },
  ],
  StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
}

export const INDEX: IndexShape = { name: 'ByCategory', key: 'category', carried: undefined }

const SCHEMA: KeySchema = { hash: [{ name: 'pk', type: 'S' }], range: [{ name: 'sk', type: 'N' }] }

export const keyOf = (pk: string) => ({ pk: { S: pk }, sk: { N: '0' } })

/** In which partition of the table the register lies, by their order. */
export function partitionOf(pk: string): number {
  return Math.floor((hashOfRow(rowKey(SCHEMA, keyOf(pk))) * PARTITIONS) / 2 ** 32)
}
