/** All operations of the `DynamoDB_20120810` target. */
import { batchExecuteStatement } from './BatchExecuteStatement.ts'
import { batchGetItem } from './BatchGetItem.ts'
import { batchWriteItem } from './BatchWriteItem.ts'
import { createTable } from './CreateTable.ts'
import { deleteItem } from './DeleteItem.ts'
import { deleteTable } from './DeleteTable.ts'
import { describeContinuousBackups } from './DescribeContinuousBackups.ts'
import { describeEndpoints } from './DescribeEndpoints.ts'
import { describeLimits } from './DescribeLimits.ts'
import { describeTable } from './DescribeTable.ts'
import { describeTimeToLive } from './DescribeTimeToLive.ts'
import { executeStatement } from './ExecuteStatement.ts'
import { executeTransaction } from './ExecuteTransaction.ts'
import { getItem } from './GetItem.ts'
import { listTables } from './ListTables.ts'
import { listTagsOfResource } from './ListTagsOfResource.ts'
import type { Operation } from './operation.ts'
import { putItem } from './PutItem.ts'
import { query } from './Query.ts'
import { scan } from './Scan.ts'
import { tagResource } from './TagResource.ts'
import { transactGetItems } from './TransactGetItems.ts'
import { transactWriteItems } from './TransactWriteItems.ts'
import { untagResource } from './UntagResource.ts'
import { updateItem } from './UpdateItem.ts'
import { updateTable } from './UpdateTable.ts'
import { updateTimeToLive } from './UpdateTimeToLive.ts'

export const operations: Operation[] = [
  batchExecuteStatement,
  batchGetItem,
  batchWriteItem,
  createTable,
  deleteItem,
  deleteTable,
  describeContinuousBackups,
  describeEndpoints,
  describeLimits,
  describeTable,
  describeTimeToLive,
  executeStatement,
  executeTransaction,
  getItem,
  listTables,
  listTagsOfResource,
  putItem,
  query,
  scan,
  tagResource,
  transactGetItems,
  transactWriteItems,
  untagResource,
  updateItem,
  updateTable,
  updateTimeToLive,
]
