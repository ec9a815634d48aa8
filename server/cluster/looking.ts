/** Looks at the cluster once. */
import type { Clock } from '../base/clock.ts'
import type { Metadata } from '../metadata/metadata.ts'
import { situationOf } from './moves/situation.ts'
import { DEFAULT_POOL, type KeeperRecord } from './records.ts'
import { askForReports, type Reporters } from './report.ts'
import { type ClusterStatus, statusOf } from './status.ts'
import { View } from './view.ts'

export type LookingPorts = { metadata: Metadata; reporters: Reporters; clock: Clock }

/** What is gone by while no server says. */
const USUAL: KeeperRecord = { placement: { pool: DEFAULT_POOL, replicas: 3, partitions: 1 }, repairAfterMs: 600_000 }

/** Errors: MetadataUnavailable. */
export async function lookAtCluster({ metadata, reporters, clock }: LookingPorts): Promise<ClusterStatus> {
  const view = await View.read(metadata)
  const reports = await askForReports(reporters, view.nodes.values(), clock)
  return statusOf(situationOf(view, reports, view.keeper ?? USUAL, clock.now()), reports, view.keeper)
}
