/** All operations, by target. */
import { batchExecuteStatement } from './BatchExecuteStatement.ts'
import { batchGetItem } from './BatchGetItem.ts'
import { batchWriteItem } from './BatchWriteItem.ts'
import { cancelBulkOperation } from './CancelBulkOperation.ts'
import { createBackup } from './CreateBackup.ts'
import { createGlobalTable } from './CreateGlobalTable.ts'
import { createTable } from './CreateTable.ts'
import { deleteBackup } from './DeleteBackup.ts'
import { deleteItem } from './DeleteItem.ts'
import { deleteResourcePolicy } from './DeleteResourcePolicy.ts'
import { deleteTable } from './DeleteTable.ts'
import { describeBackup } from './DescribeBackup.ts'
import { describeBulkOperation } from './DescribeBulkOperation.ts'
import { describeContinuousBackups } from './DescribeContinuousBackups.ts'
import { describeContributorInsights } from './DescribeContributorInsights.ts'
import { describeEndpoints } from './DescribeEndpoints.ts'
import { describeExport } from './DescribeExport.ts'
import { describeGlobalTable } from './DescribeGlobalTable.ts'
import { describeGlobalTableSettings } from './DescribeGlobalTableSettings.ts'
import { describeImport } from './DescribeImport.ts'
import { describeKinesisStreamingDestination } from './DescribeKinesisStreamingDestination.ts'
import { describeLimits } from './DescribeLimits.ts'
import { describeStream } from './DescribeStream.ts'
import { describeTable } from './DescribeTable.ts'
import { describeTableReplicaAutoScaling } from './DescribeTableReplicaAutoScaling.ts'
import { describeTimeToLive } from './DescribeTimeToLive.ts'
import { disableKinesisStreamingDestination } from './DisableKinesisStreamingDestination.ts'
import { enableKinesisStreamingDestination } from './EnableKinesisStreamingDestination.ts'
import { executeStatement } from './ExecuteStatement.ts'
import { executeTransaction } from './ExecuteTransaction.ts'
import { exportTableToPointInTime } from './ExportTableToPointInTime.ts'
import { getItem } from './GetItem.ts'
import { getRecords } from './GetRecords.ts'
import { getResourcePolicy } from './GetResourcePolicy.ts'
import { getShardIterator } from './GetShardIterator.ts'
import { importTable } from './ImportTable.ts'
import { listBackups } from './ListBackups.ts'
import { listBulkOperations } from './ListBulkOperations.ts'
import { listContributorInsights } from './ListContributorInsights.ts'
import { listExports } from './ListExports.ts'
import { listGlobalTables } from './ListGlobalTables.ts'
import { listImports } from './ListImports.ts'
import { listStreams } from './ListStreams.ts'
import { listTables } from './ListTables.ts'
import { listTagsOfResource } from './ListTagsOfResource.ts'
import type { Operation } from './operation.ts'
import { putItem } from './PutItem.ts'
import { putResourcePolicy } from './PutResourcePolicy.ts'
import { query } from './Query.ts'
import { restoreTableFromBackup } from './RestoreTableFromBackup.ts'
import { restoreTableToPointInTime } from './RestoreTableToPointInTime.ts'
import { scan } from './Scan.ts'
import { searchVectors } from './SearchVectors.ts'
import { startBulkPutItems } from './StartBulkPutItems.ts'
import { tagResource } from './TagResource.ts'
import { transactGetItems } from './TransactGetItems.ts'
import { transactWriteItems } from './TransactWriteItems.ts'
import { untagResource } from './UntagResource.ts'
import { updateContinuousBackups } from './UpdateContinuousBackups.ts'
import { updateContributorInsights } from './UpdateContributorInsights.ts'
import { updateGlobalTable } from './UpdateGlobalTable.ts'
import { updateGlobalTableSettings } from './UpdateGlobalTableSettings.ts'
import { updateItem } from './UpdateItem.ts'
import { updateKinesisStreamingDestination } from './UpdateKinesisStreamingDestination.ts'
import { updateTable } from './UpdateTable.ts'
import { updateTableReplicaAutoScaling } from './UpdateTableReplicaAutoScaling.ts'
import { updateTimeToLive } from './UpdateTimeToLive.ts'

/** `DynamoDB_20120810`. */
export const operations: Operation[] = [
  batchExecuteStatement,
  batchGetItem,
  batchWriteItem,
  cancelBulkOperation,
  createBackup,
  createGlobalTable,
  createTable,
  deleteBackup,
  deleteItem,
  deleteResourcePolicy,
  deleteTable,
  describeBackup,
  describeBulkOperation,
  describeContinuousBackups,
  describeContributorInsights,
  describeEndpoints,
  describeExport,
  describeGlobalTable,
  describeGlobalTableSettings,
  describeImport,
  describeKinesisStreamingDestination,
  describeLimits,
  describeTable,
  describeTableReplicaAutoScaling,
  describeTimeToLive,
  disableKinesisStreamingDestination,
  enableKinesisStreamingDestination,
  executeStatement,
  executeTransaction,
  exportTableToPointInTime,
  getItem,
  getResourcePolicy,
  importTable,
  listBackups,
  listBulkOperations,
  listContributorInsights,
  listExports,
  listGlobalTables,
  listImports,
  listTables,
  listTagsOfResource,
  putItem,
  putResourcePolicy,
  query,
  restoreTableFromBackup,
  restoreTableToPointInTime,
  scan,
  searchVectors,
  startBulkPutItems,
  tagResource,
  transactGetItems,
  transactWriteItems,
  untagResource,
  updateContinuousBackups,
  updateContributorInsights,
  updateGlobalTable,
  updateGlobalTableSettings,
  updateItem,
  updateKinesisStreamingDestination,
  updateTable,
  updateTableReplicaAutoScaling,
  updateTimeToLive,
]

/** `DynamoDBStreams_20120810`. */
export const streamsOperations: Operation[] = [describeStream, getRecords, getShardIterator, listStreams]
