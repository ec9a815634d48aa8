/** What happens to the cluster, each until it is over; the load goes on all the while. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Server } from '../../../scripts/cluster/process.ts'
import type { Random } from '../random.ts'
import type { Site } from './site.ts'

export type Fault = {
  /** What is expected of it. */
  expects: string
  /** It needs networks or disks of the cluster's own (box.ts). */
  boxed?: true
  /** It is one of this log alone. */
  log?: 'jetstream' | 'etcd'
  /** Does it, and undoes it. @returns to whom */
  play(site: Site, random: Random): Promise<string>
}

/** How long a node stays away; longer than a lease. */
const AWAY_MS = 5000

export const FAULTS: Record<string, Fault> = {
  'kill-leader': {
    expects: 'its partitions answer again in under 3 s',
    play: async site => killed((await site.byLeaderships())[0]!),
  },
  'kill-follower': {
    expects: 'its partitions answer again in under 3 s',
    play: async site => killed((await site.byLeaderships()).at(-1)!),
  },
  terminate: {
    expects: 'no request fails, stalls under 200 ms',
    async play(site) {
      const [node] = await site.byLeaderships()
      await node!.stop('SIGTERM')
      await sleep(1000)
      await node!.start()
      return node!.name
    },
  },
  freeze: {
    expects: 'it answers nothing stale, and follows',
    play: async site => frozen([(await site.byLeaderships())[0]!]),
  },
  standstill: {
    expects: 'the same, of a storage node and the server in its zone at once',
    async play(site) {
      const [node] = await site.byLeaderships()
      const { storage, servers } = site.cluster
      return frozen([node!, servers[storage.indexOf(node!)] ?? servers[0]!])
    },
  },
}

async function killed(node: Server): Promise<string> {
  await node.kill()
  await sleep(AWAY_MS)
  await node.start()
  return node.name
}

async function frozen(servers: Server[]): Promise<string> {
  for (const server of servers) server.freeze()
  await sleep(AWAY_MS)
  for (const server of servers) server.resume()
  return servers.map(({ name }) => name).join(' and ')
}
