/** What Tavola is to reach, at 64 connections on one core. */
import type { Operation } from './workload.ts'

type Shares = Partial<Record<Operation, number>>

/** Throughput as a share of the floor's. */
export const OF_FLOOR: Shares = { GetItem: 0.75, Query: 1, PutItem: 0.5, UpdateItem: 0.35 }

/** Throughput as a multiple of the best peer's. */
export const OF_BEST_PEER: Shares = {
  GetItem: 1.3,
  PutItem: 1.5,
  UpdateItem: 1.5,
  Query: 3,
  'TransactWriteItems 2': 3,
  'TransactWriteItems 10': 3,
}

/** Milliseconds from the start of the process to its first answer. */
export const START_MS = 500

/** Megabytes (2^20 bytes) of resident memory a few seconds after the start. */
export const IDLE_MB = 120
