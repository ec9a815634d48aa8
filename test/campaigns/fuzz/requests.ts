/** A valid request of every operation. */

import type { Random } from '../random.ts'
import {
  backup,
  createBackup,
  exported,
  exportTable,
  imported,
  importTable,
  listBackups,
  listExports,
  listImports,
  recovery,
  restoreBackup,
  restoreToTime,
} from './backuprequests.ts'
import { batchGet, batchWrite, change, get, put, query, remove, scan } from './itemrequests.ts'
import { type Make, maybe, target } from './parts.ts'
import {
  deletePolicy,
  describeInsights,
  globalTable,
  kinesis,
  listInsights,
  putPolicy,
  searchVectors,
  updateInsights,
} from './settingrequests.ts'
import { batchExecuteStatement, executeStatement, executeTransaction } from './statementrequests.ts'
import { describeStream, getRecords, getShardIterator, listStreams } from './streamrequests.ts'
import { create, resource, tag, timeToLive, untag, updateTable } from './tablerequests.ts'
import { TABLES } from './tables.ts'
import { transactGet, transactWrite } from './transactrequests.ts'
import type { JsonObject } from './values.ts'

export type ApiRequest = { operation: string; input: JsonObject }

/** A request of an operation that chance picks: most are for items, a few for tables. */
export function validRequest(random: Random): ApiRequest {
  const [operation, make] = random.weighted(CHOICES)
  return { operation, input: make(random, random.pick(TABLES)) }
}

/** By operation: how often, and its requests. */
export const OPERATIONS: { [operation: string]: readonly [weight: number, make: Make] } = {
  PutItem: [14, put],
  UpdateItem: [14, change],
  Query: [14, query],
  Scan: [7, scan],
  GetItem: [7, get],
  BatchWriteItem: [6, batchWrite],
  DeleteItem: [4, remove],
  BatchGetItem: [4, batchGet],
  ExecuteStatement: [10, executeStatement],
  BatchExecuteStatement: [4, batchExecuteStatement],
  ExecuteTransaction: [4, executeTransaction],
  TransactWriteItems: [6, transactWrite],
  TransactGetItems: [3, transactGet],
  CreateTable: [6, create],
  UpdateTable: [4, updateTable],
  DeleteTable: [0.8, target],
  DescribeTable: [2, target],
  ListTables: [2, random => maybe(random, 0.5, () => ({ Limit: 1 + random.below(100) }))],
  UpdateTimeToLive: [1.5, timeToLive],
  DescribeTimeToLive: [1, target],
  DescribeContinuousBackups: [1, target],
  UpdateContinuousBackups: [1, recovery],
  CreateBackup: [0.5, createBackup],
  ListBackups: [0.5, listBackups],
  DescribeBackup: [0.2, backup],
  DeleteBackup: [0.2, backup],
  RestoreTableFromBackup: [0.3, restoreBackup],
  RestoreTableToPointInTime: [0.3, restoreToTime],
  ExportTableToPointInTime: [0.4, exportTable],
  DescribeExport: [0.2, exported],
  ListExports: [0.3, listExports],
  ImportTable: [0.4, importTable],
  DescribeImport: [0.2, imported],
  ListImports: [0.3, listImports],
  DescribeLimits: [0.5, () => ({})],
  DescribeEndpoints: [0.5, () => ({})],
  TagResource: [1.5, tag],
  UntagResource: [1, untag],
  ListTagsOfResource: [1, resource],
  ListStreams: [1, listStreams],
  DescribeStream: [1, describeStream],
  GetShardIterator: [1, getShardIterator],
  GetRecords: [2, getRecords],
  PutResourcePolicy: [1, putPolicy],
  GetResourcePolicy: [0.5, resource],
  DeleteResourcePolicy: [0.5, deletePolicy],
  UpdateContributorInsights: [1, updateInsights],
  DescribeContributorInsights: [0.5, describeInsights],
  ListContributorInsights: [0.5, listInsights],
  EnableKinesisStreamingDestination: [0.5, kinesis],
  DisableKinesisStreamingDestination: [0.2, kinesis],
  DescribeKinesisStreamingDestination: [0.2, target],
  DescribeTableReplicaAutoScaling: [0.2, target],
  DescribeGlobalTable: [0.2, globalTable],
  SearchVectors: [0.2, searchVectors],
}

const CHOICES = Object.entries(OPERATIONS).map(
  ([operation, [weight, make]]) => [weight, [operation, make] as const] as const,
)
