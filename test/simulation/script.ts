/** What a run consists of, as plain data: a seed draws it, shrinking takes from it, a regression keeps it. */
import type { FaultStep } from './fault.ts'

export type Setup = {
  nodes: number
  servers: number
  partitions: number
  replicas: number
  depth: number
  leaseMs: number
  /** Of most messages, at most; the part that are slow, and how slow, in milliseconds. */
  pace: { usual: number; slow: number; slowMs: number }
  skew: number
  /** Milliseconds that some of the ways between servers and nodes take more. */
  uneven?: number
  localIndex: boolean
  globalIndex: boolean
  stream: boolean
  timeToLive: boolean
  /** How long the log is kept for a replica that is away, in milliseconds. */
  graceMs: number
  /** How often all files are made durable, and logs trimmed; 0 for hardly ever. */
  checkpointMs: number
  /** How long a node may be away before its replicas are made elsewhere, in milliseconds. */
  repairAfterMs: number
}

export type Request =
  | { op: 'get' | 'delete'; key: string }
  | { op: 'put' | 'putIf'; key: string; value: string; owner?: string; rank?: number }
  | { op: 'add'; key: string; by: number }
  /**
   * Adds `id` to lists: to one by itself, to several in a transaction. `token`: it is asked again until it is known; `again`:
   * and once more.
   */
  | { op: 'append'; keys: string[]; id: string; token?: string; again?: boolean }
  | { op: 'readLists'; keys: string[] }
  | { op: 'transfer'; from: string; to: string; amount: number; token?: string; again?: boolean }
  | { op: 'readAccounts' }
  /** An item that expires so many milliseconds later. */
  | { op: 'putExpiring'; key: string; ms: number }
  | { op: 'getExpiring'; key: string }
  | { op: 'addIndex' | 'removeIndex' | 'streamOn' | 'streamOff' }
  | { op: 'createTable' | 'deleteTable' | 'putElsewhere'; name: string }

/** `pause`: milliseconds since the client's last answer. */
export type Step = { client: number; server: number; pause: number } & Request

export type Script = { seed: number; setup: Setup; steps: Step[]; faults: FaultStep[] }

export const ACCOUNTS = ['A0', 'A1', 'A2', 'A3']
export const BALANCE = 100
