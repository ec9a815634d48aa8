/** A valid request of every operation. */

import type { Random } from '../random.ts'
import { batchGet, batchWrite, change, get, put, query, remove, scan } from './itemrequests.ts'
import { type Make, maybe, target } from './parts.ts'
import { batchExecuteStatement, executeStatement, executeTransaction } from './statementrequests.ts'
import { create, resource, tag, timeToLive, untag, updateTable } from './tablerequests.ts'
import { TABLES } from './tables.ts'
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
  CreateTable: [6, create],
  UpdateTable: [4, updateTable],
  DeleteTable: [0.8, target],
  DescribeTable: [2, target],
  ListTables: [2, random => maybe(random, 0.5, () => ({ Limit: 1 + random.below(100) }))],
  UpdateTimeToLive: [1.5, timeToLive],
  DescribeTimeToLive: [1, target],
  DescribeContinuousBackups: [1, target],
  DescribeLimits: [0.5, () => ({})],
  DescribeEndpoints: [0.5, () => ({})],
  TagResource: [1.5, tag],
  UntagResource: [1, untag],
  ListTagsOfResource: [1, resource],
}

const CHOICES = Object.entries(OPERATIONS).map(
  ([operation, [weight, make]]) => [weight, [operation, make] as const] as const,
)
