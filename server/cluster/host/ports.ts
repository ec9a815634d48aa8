/** What a partition on a node needs of the node. */
import type { Metadata } from '../../metadata/metadata.ts'
import type { ReplicaPorts } from '../../replica/replica.ts'
import type { Neighbours } from '../../replica/standing.ts'
import type { Leasing } from '../leasing.ts'
import type { Disk } from './disk.ts'
import type { Files } from './files.ts'
import type { Followers } from './followers.ts'
import type { Hosted } from './hosted.ts'

export type HostedPorts = ReplicaPorts & {
  metadata: Metadata
  leasing: Leasing
  neighbours: Neighbours
  files: Files
  followers: Followers
  disk: Disk
  /** Something is not as it should be: `failure` says what. */
  complain(hosted: Hosted, failure: Error): void
}
