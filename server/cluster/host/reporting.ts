/** What is told of a partition on this node to those who look after the cluster. */
import type { ReplicaReport } from '../report.ts'
import type { Files } from './files.ts'
import type { Hosted } from './hosted.ts'

export function reportOf(hosted: Hosted, files: Files, publishLagMs: number | undefined): ReplicaReport {
  const { id: partition, replica, failure } = hosted
  const { applied } = replica?.standing ?? { applied: 0 }
  const { bytes, received } = files.sizes(partition)
  return {
    ...{ partition, state: stateOf(hosted), applied, end: applied + (replica?.lag ?? 0), bytes },
    ...(received > 0 && { received }),
    ...(publishLagMs !== undefined && { publishLagMs }),
    ...(failure && { reason: failure.message }),
  }
}

function stateOf({ isStopped, replica }: Hosted): ReplicaReport['state'] {
  if (isStopped) return 'stopped'
  if (!replica || replica.closed) return 'opening'
  return replica.leader ? 'leading' : 'following'
}
