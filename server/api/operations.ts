/** All operations of the `DynamoDB_20120810` target. */
import { batchGetItem } from './BatchGetItem.ts'
import { batchWriteItem } from './BatchWriteItem.ts'
import { createBackup } from './CreateBackup.ts'
import { createTable } from './CreateTable.ts'
import { deleteBackup } from './DeleteBackup.ts'
import { deleteItem } from './DeleteItem.ts'
import { deleteTable } from './DeleteTable.ts'
import { describeBackup } from './DescribeBackup.ts'
import { describeContinuousBackups } from './DescribeContinuousBackups.ts'
import { describeEndpoints } from './DescribeEndpoints.ts'
import { describeExport } from './DescribeExport.ts'
import { describeImport } from './DescribeImport.ts'
import { describeLimits } from './DescribeLimits.ts'
import { describeTable } from './DescribeTable.ts'
import { describeTimeToLive } from './DescribeTimeToLive.ts'
import { exportTableToPointInTime } from './ExportTableToPointInTime.ts'
import { getItem } from './GetItem.ts'
import { importTable } from './ImportTable.ts'
import { listBackups } from './ListBackups.ts'
import { listExports } from './ListExports.ts'
import { listImports } from './ListImports.ts'
import { listTables } from './ListTables.ts'
import { listTagsOfResource } from './ListTagsOfResource.ts'
import type { Operation } from './operation.ts'
import { putItem } from './PutItem.ts'
import { query } from './Query.ts'
import { restoreTableFromBackup } from './RestoreTableFromBackup.ts'
import { restoreTableToPointInTime } from './RestoreTableToPointInTime.ts'
import { scan } from './Scan.ts'
import { tagResource } from './TagResource.ts'
import { untagResource } from './UntagResource.ts'
import { updateContinuousBackups } from './UpdateContinuousBackups.ts'
import { updateItem } from './UpdateItem.ts'
import { updateTable } from './UpdateTable.ts'
import { updateTimeToLive } from './UpdateTimeToLive.ts'

export const operations: Operation[] = [
  batchGetItem,
  batchWriteItem,
  createBackup,
  createTable,
  deleteBackup,
  deleteItem,
  deleteTable,
  describeBackup,
  describeContinuousBackups,
  describeEndpoints,
  describeExport,
  describeImport,
  describeLimits,
  describeTable,
  describeTimeToLive,
  exportTableToPointInTime,
  getItem,
  importTable,
  listBackups,
  listExports,
  listImports,
  listTables,
  listTagsOfResource,
  putItem,
  query,
  restoreTableFromBackup,
  restoreTableToPointInTime,
  scan,
  tagResource,
  untagResource,
  updateContinuousBackups,
  updateItem,
  updateTable,
  updateTimeToLive,
]
