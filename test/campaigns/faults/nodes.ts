/** Storage nodes that die, leave, and stand still. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Server } from '../../../scripts/cluster/process.ts'
import type { Fault } from './fault.ts'

/** Longer than a lease. */
const AWAY_MS = 5000
/** Shorter than one. */
const STUCK_MS = 1200

const BACK = 'its partitions answer again in under 3 s'

export const NODE_FAULTS: Record<string, Fault> = {
  'kill-leader': { expects: BACK, play: async site => killed((await site.byLeaderships())[0]!) },
  'kill-follower': { expects: BACK, play: async site => killed((await site.byLeaderships()).at(-1)!) },
  terminate: {
    expects: 'no request fails, stalls under 200 ms',
    play: async site => terminated((await site.byLeaderships())[0]!),
  },
  'kill-zone': {
    expects: 'as with the log: nats-server takes 4 to 9 s to elect',
    async play({ cluster }, random) {
      const zone = random.below(cluster.storage.length)
      const [storage, others] = [cluster.storage[zone]!, [cluster.etcd.members[zone]!, cluster.nats?.servers[zone]]]
      await Promise.all(others.map(server => server?.kill()))
      // Not everything ends at the very same moment.
      await sleep(random.between(0, 1500))
      await storage.kill()
      await sleep(AWAY_MS)
      await Promise.all([...others, storage].map(server => server?.start()))
      return `storage, etcd and log of zone-${zone + 1}`
    },
  },
  'kill-stuck': {
    expects: 'a leader dies while its log stands still: what it could not log was not answered',
    async play(site) {
      const { etcd, nats } = site.cluster
      const [node] = await site.byLeaderships()
      const log = nats?.servers ?? etcd.members
      for (const server of log) server.freeze()
      await sleep(STUCK_MS)
      await node!.kill()
      for (const server of log) server.resume()
      await sleep(AWAY_MS)
      await node!.start()
      return node!.name
    },
  },
  freeze: {
    expects: 'it answers nothing stale, appends nothing, and follows',
    play: async site => frozen([(await site.byLeaderships())[0]!]),
  },
  standstill: {
    expects: 'the same, of a leader and a server that know nothing of what was meanwhile',
    async play(site) {
      const [node] = await site.byLeaderships()
      const { storage, servers } = site.cluster
      return frozen([node!, servers[storage.indexOf(node!)] ?? servers[0]!])
    },
  },
}

export async function killed(node: Server): Promise<string> {
  await node.kill()
  await sleep(AWAY_MS)
  await node.start()
  return node.name
}

export async function terminated(node: Server): Promise<string> {
  await node.stop('SIGTERM')
  await sleep(1000)
  await node.start()
  return node.name
}

export async function frozen(servers: Server[]): Promise<string> {
  for (const server of servers) server.freeze()
  await sleep(AWAY_MS)
  for (const server of servers) server.resume()
  return servers.map(({ name }) => name).join(' and ')
}
