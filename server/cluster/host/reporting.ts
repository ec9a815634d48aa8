/** What is told of a partition on this node to those who look after the cluster. */
import type { ReplicaReport } from '../report.ts'
import type { Files } from './files.ts'
import type { Hosted } from './hosted.ts'

/** `doubt`: what is wrong with the partition's rows, nobody can tell on which node. */
export function reportOf(hosted: Hosted, files: Files, doubt: string | undefined): ReplicaReport {
  const { id: partition, replica, failure } = hosted
  const { applied } = replica?.standing ?? { applied: 0 }
  const { bytes, received } = files.sizes(partition)
  return {
    ...{ partition, state: stateOf(hosted), applied, end: applied + (replica?.lag ?? 0), bytes },
    ...(received > 0 && { received }),
    ...(failure && { reason: failure.message }),
    ...(doubt !== undefined && { doubt }),
  }
}

function stateOf({ isStopped, replica }: Hosted): ReplicaReport['state'] {
  if (isStopped) return 'stopped'
  if (!replica || replica.closed) return 'opening'
  return replica.leader ? 'leading' : 'following'
}
