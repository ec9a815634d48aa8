/** All operations of the `DynamoDB_20120810` target. */
import { BatchGetItem } from './BatchGetItem.ts'
import { BatchWriteItem } from './BatchWriteItem.ts'
import { createTable } from './CreateTable.ts'
import { DeleteItem } from './DeleteItem.ts'
import { deleteTable } from './DeleteTable.ts'
import { describeContinuousBackups } from './DescribeContinuousBackups.ts'
import { describeEndpoints } from './DescribeEndpoints.ts'
import { describeLimits } from './DescribeLimits.ts'
import { describeTable } from './DescribeTable.ts'
import { describeTimeToLive } from './DescribeTimeToLive.ts'
import { GetItem } from './GetItem.ts'
import { listTables } from './ListTables.ts'
import { listTagsOfResource } from './ListTagsOfResource.ts'
import type { Operation } from './operation.ts'
import { PutItem } from './PutItem.ts'
import { Query } from './Query.ts'
import { Scan } from './Scan.ts'
import { tagResource } from './TagResource.ts'
import { untagResource } from './UntagResource.ts'
import { UpdateItem } from './UpdateItem.ts'
import { updateTable } from './UpdateTable.ts'
import { updateTimeToLive } from './UpdateTimeToLive.ts'

export const operations: Operation[] = [
  BatchGetItem,
  BatchWriteItem,
  createTable,
  DeleteItem,
  deleteTable,
  describeContinuousBackups,
  describeEndpoints,
  describeLimits,
  describeTable,
  describeTimeToLive,
  GetItem,
  listTables,
  listTagsOfResource,
  PutItem,
  Query,
  Scan,
  tagResource,
  untagResource,
  UpdateItem,
  updateTable,
  updateTimeToLive,
]
