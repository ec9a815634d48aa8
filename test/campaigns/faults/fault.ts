/** What can happen to a cluster. */
import type { Random } from '../random.ts'
import type { Site } from './site.ts'

export type Fault = {
  /** What is to be seen of it, beside that nothing is lost and nothing wrong. */
  expects: string
  /** It needs networks or disks of the cluster's own (box.ts). */
  boxed?: true
  /** It is one of this log alone. */
  log?: Site['log']
  /** Does it, and undoes it, while the load goes on. @returns to whom */
  play(site: Site, random: Random): Promise<string>
}
