/** What a partition on a node needs of the node, and of the cluster. */
import type { Metadata } from '../../metadata/metadata.ts'
import type { ReplicaPorts } from '../../replica/ports.ts'
import type { Neighbours } from '../../replica/standing.ts'
import type { Leasing } from '../leasing.ts'
import type { Disk } from './disk.ts'
import type { Files } from './files.ts'
import type { Followers } from './followers.ts'
import type { Hosted } from './hosted.ts'
import type { Pace } from './pace.ts'

export type HostedPorts = ReplicaPorts & {
  metadata: Metadata
  leasing: Leasing
  neighbours: Neighbours
  files: Files
  followers: Followers
  disk: Disk
  pace: Pace
  /** Something is not as it should be: `failure` says what. */
  complain(hosted: Hosted, failure: Error): void
}
