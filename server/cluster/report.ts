/** What storage nodes tell of the replicas they hold, to those who look after the whole cluster. */
import type { Clock } from '../base/clock.ts'
import { within } from '../base/within.ts'
import type { Position } from '../log/log.ts'
import type { NodeRecord } from './records.ts'

const ANSWER_MS = 2000

export type ReplicaReport = {
  partition: string
  /** `opening`: its file, or another replica's, is being brought here. `stopped`: a person must look, `reason` says why. */
  state: 'opening' | 'following' | 'leading' | 'stopped'
  /** The last entry applied. */
  applied: Position
  /** The last one in the log, as far as is known there. */
  end: Position
  /** Of its file. */
  bytes: number
  /** Of another replica's file, as far as it has come. */
  received?: number
  /** For how long its oldest change has been waiting to be published, if it leads and its changes are. */
  publishLagMs?: number
  reason?: string
  /** Of a leader: its rows and those of others differ, and it is not known yet which are right. */
  doubt?: string
}

export interface Reporters {
  /** Of all replicas there. Errors: any, while the node can't be reached. */
  report(node: NodeRecord): Promise<ReplicaReport[]>
}

/** By node, and partition; a node that does not answer is missing. */
export type Reports = ReadonlyMap<string, ReadonlyMap<string, ReplicaReport>>

export async function askForReports(reporters: Reporters, nodes: Iterable<NodeRecord>, clock: Clock): Promise<Reports> {
  const reports = new Map<string, Map<string, ReplicaReport>>()
  const ask = async (node: NodeRecord) => {
    const report = await within(clock, ANSWER_MS, reporters.report(node))
    reports.set(node.node, new Map(report.map(replica => [replica.partition, replica])))
  }
  await Promise.allSettled([...nodes].map(ask))
  return reports
}

/** A replica that is no further behind than this has, or has soon, what its leader has. */
const SMALL_LAG = 1000

/** How far the partition is: its leader's word, or that of whoever knows most. */
export function reached(reports: Reports, partition: string, holders: string[]): Position {
  const told = holders.flatMap(node => reports.get(node)?.get(partition) ?? [])
  const leader = told.find(({ state }) => state === 'leading')
  return leader ? leader.applied : Math.max(0, ...told.map(({ applied, end }) => Math.max(applied, end)))
}

/** Whether the replica follows, or leads, and is not far behind. `end`: of `reached`. */
export function isHealthy(report: ReplicaReport | undefined, end: Position): boolean {
  return report !== undefined && isServing(report) && end - report.applied <= SMALL_LAG
}

function isServing({ state }: ReplicaReport): boolean {
  return state === 'leading' || state === 'following'
}
