/** What is told of a partition on this node to those who look after the cluster. */
import type { ReplicaReport } from '../report.ts'
import type { Files } from './files.ts'
import type { Hosted } from './hosted.ts'

/** What else is known of a partition that is led here; see ReplicaReport. */
export type Known = Pick<ReplicaReport, 'doubt' | 'publishLagMs'>

export function reportOf(hosted: Hosted, files: Files, { doubt, publishLagMs }: Known): ReplicaReport {
  const { id: partition, replica, failure } = hosted
  const { applied } = replica?.standing ?? { applied: 0 }
  const { bytes, received } = files.sizes(partition)
  return {
    ...{ partition, state: stateOf(hosted), applied, end: applied + (replica?.lag ?? 0), bytes },
    ...(received > 0 && { received }),
    ...(publishLagMs !== undefined && { publishLagMs }),
    ...(failure && { reason: failure.message }),
    ...(doubt !== undefined && { doubt }),
  }
}

function stateOf({ isStopped, replica }: Hosted): ReplicaReport['state'] {
  if (isStopped) return 'stopped'
  if (!replica || replica.closed) return 'opening'
  return replica.leader ? 'leading' : 'following'
}
